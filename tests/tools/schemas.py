"""Writes what derives from the declared keys: JSON Schemas, and the tables of keys in the docs.

PYTHONPATH=ci/src python -m tests.tools.schemas
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

from slipway.config.keys import (
    ChoiceKey,
    DateKey,
    IntegerKey,
    Key,
    NumberKey,
    SectionKey,
    SectionListKey,
    TextKey,
    TextListKey,
)
from slipway.config.project_keys import project_keys
from slipway.config.schemas import default_of, json_schema
from slipway.iac import engine_names
from slipway.policy.keys import POLICY

ROOT = Path(__file__).parents[2]
PROJECT = project_keys(engine_names())
SCHEMAS = {
    "docs/schemas/slipway.schema.json": PROJECT,
    "docs/schemas/policy.schema.json": POLICY,
}
TABLES = {"docs/configuration.md": PROJECT, "docs/policy.md": POLICY}
BEGIN = "<!-- keys: written by tests/tools/schemas.py -->"
END = "<!-- end of keys -->"


def files() -> dict[str, str]:
    """Each generated file by its path, as it has to be."""
    made = {path: _json(document) for path, document in SCHEMAS.items()}
    return made | {path: _page(path, document) for path, document in TABLES.items()}


def rows(section: SectionKey, prefix: str = "") -> Iterator[tuple[str, Key]]:
    """Each key of a section, and of the sections in it, with its whole path."""
    for key in section.keys:
        path = f"{prefix}{key.name}"
        yield path, key
        if isinstance(key, SectionKey):
            yield from rows(key, f"{path}[]." if isinstance(key, SectionListKey) else f"{path}.")


def table(document: SectionKey) -> str:
    """Every key of a file as a table in Markdown."""
    lines = [
        f"| `{path}` | {_type(key)} | {_default(key)} | {key.description} |"
        for path, key in rows(document)
    ]
    return "\n".join(["| key | type | default | what it does |", "|---|---|---|---|", *lines])


def _json(document: SectionKey) -> str:
    return json.dumps(json_schema(document), indent=2, ensure_ascii=False) + "\n"


def _page(path: str, document: SectionKey) -> str:
    before, begin, rest = (ROOT / path).read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{path} has no lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{table(document)}\n{END}{after}"


def _default(key: Key) -> str:
    if key.required:
        return "required"
    value = default_of(key)
    shown = ", ".join(map(str, value)) if isinstance(value, list) else value
    return "none" if shown in (None, "") else f"`{shown}`"


def _type(key: Key) -> str:
    match key:
        case TextKey():
            return key.format.label
        case ChoiceKey():
            return ", ".join(f"`{each}`" for each in key.choices)
        case IntegerKey():
            return f"`{key.low}`" if key.low == key.high else f"integer, {key.low} to {key.high}"
        case NumberKey():
            return f"number, at least {key.low:g}" if math.isfinite(key.low) else "number"
        case DateKey():
            return "date"
        case TextListKey():
            return f"list ({key.item.label})"
        case SectionListKey():
            return "list of sections"
    return "section"


if __name__ == "__main__":
    for name, content in files().items():
        (ROOT / name).parent.mkdir(exist_ok=True)
        (ROOT / name).write_text(content, encoding="utf-8")
        print(name)
