"""`python -m iris.validate --data FILE --schema FILE`: exit code 3 and a line a problem where the data does not fit."""

import argparse
import csv
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

BAD_DATA = 3
Schema = dict[str, Any]


def read(path: Path) -> list[dict[str, str]]:
    """Read the rows of a CSV, as text."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def row_problems(row: Mapping[str, object], schema: Schema) -> list[str]:
    """Say what is wrong with the features of one row: missing, no number, or out of range."""
    return [
        f"{name}: found {row.get(name)!r}, allowed {limits['min']} to {limits['max']}"
        for name, limits in schema["features"].items()
        if not limits["min"] <= _number(row.get(name)) <= limits["max"]
    ]


def _number(value: object) -> float:
    """Give the number, or NaN, which is in no range."""
    try:
        return float(value) if isinstance(value, int | float | str) else float("nan")
    except (ValueError, OverflowError):
        return float("nan")


def problems(rows: list[dict[str, str]], schema: Schema) -> list[str]:
    """Say everything that is wrong with the data, a line each."""
    label, allowed = schema["label"]["name"], schema["label"]["values"]
    found = [] if rows else ["the data has no rows"]
    for number, row in enumerate(rows, start=1):
        wrong = row_problems(row, schema)
        if row.get(label) not in allowed:
            wrong.append(f"{label}: found {row.get(label)!r}, allowed {', '.join(allowed)}")
        found += [f"row {number}, {problem}" for problem in wrong]
    return found


def checked(data: Path, schema: Path) -> tuple[list[dict[str, str]], Schema]:
    """Read data and schema; end the program with code 3 where they do not fit."""
    rows, parsed = read(data), json.loads(schema.read_text(encoding="utf-8"))
    if found := problems(rows, parsed):
        print(*found, sep="\n", file=sys.stderr)
        sys.exit(BAD_DATA)
    return rows, parsed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--schema", type=Path, required=True)
    options = parser.parse_args()
    checked(options.data, options.schema)
