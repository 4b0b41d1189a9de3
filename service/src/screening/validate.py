"""Check data: ``python -m screening.validate --data data.csv --schema schema.json``.

Exit code 0 when every cell is as the schema says. Otherwise 3, with all problems on standard error,
one a line: row, column, what was found, what is allowed. The first 20 are listed, the rest counted.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from screening import cli, table
from screening.errors import DataError
from screening.schema import Schema
from screening.schema import read as read_schema

LISTED = 20


def checked(data: Path, schema: Schema) -> table.Table:
    """Read a table that has nothing wrong with it.

    Raises:
        DataError: with a sentence for each of the first 20 problems and one with the number of the
        others.
    """
    content = table.read(data)
    reading = table.parse(content, schema)
    if reading.problems:
        raise DataError(*sentences(data, reading.problems))
    return table.Table(reading.rows, content)


def sentences(data: Path, problems: Sequence[table.Problem]) -> list[str]:
    """Say what is wrong with a file: the first 20 problems, and how many more there are."""
    listed = [f"{data}: {problem}." for problem in problems[:LISTED]]
    more = len(problems) - LISTED
    return (
        listed
        if more <= 0
        else [*listed, f"{data}: and {more} more problems, {len(problems)} in all."]
    )


def _validate(data: Path, schema: Path) -> None:
    rows = checked(data, read_schema(schema).schema).rows
    cli.progress(f"{data}: {len(rows)} rows, all as {schema} says.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; give its exit code."""
    parser = argparse.ArgumentParser(prog="python -m screening.validate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the CSV file to check")
    parser.add_argument(
        "--schema", type=Path, required=True, help="the JSON file that says what it must look like"
    )
    options = parser.parse_args(arguments)
    return cli.run(lambda: _validate(options.data, options.schema))


if __name__ == "__main__":
    sys.exit(main())
