"""Read a CSV file against a schema: either a table of numbers, or all that is wrong with it."""

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from screening.errors import DataError
from screening.schema import Column, Schema

# Plain decimal numbers only: `float` alone would also take "1_000", "nan", "infinity" and digits of
# other scripts.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_SHOWN = 40


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, what was found, what is allowed.

    ``row`` counts as editors and spreadsheets do: the header is row 1. None stands for the file as
    a whole.
    """

    row: int | None
    column: str | None
    found: str
    allowed: str

    def __str__(self) -> str:
        """Say it in one line."""
        row = f"row {self.row}" if self.row else None
        column = f"column {self.column}" if self.column else None
        place = ", ".join(part for part in (row, column) if part) or "the file"
        return f"{place}: found {self.found}, allowed is {self.allowed}"


@dataclass(frozen=True)
class Table:
    """Checked rows (column name → value), and the bytes of the file they were read from."""

    rows: Sequence[dict[str, float]]
    content: bytes


@dataclass(frozen=True)
class Reading:
    """What came of reading a file: its good rows and its problems."""

    rows: list[dict[str, float]]
    problems: list[Problem]


def read(path: Path) -> bytes:
    """Read the bytes of a CSV file.

    Raises:
        DataError: when the file cannot be read at all.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: the data cannot be read ({error.strerror}).") from None


def parse(content: bytes, schema: Schema) -> Reading:
    """Check the bytes of a CSV file: its text, its header, its cells, its number of rows."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        return _nothing(
            Problem(row, None, f"the byte 0x{content[error.start]:02x}", "text in UTF-8")
        )
    if not text.strip():
        return _nothing(Problem(None, None, "an empty file", "a header and rows of data"))
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return _check(((lines.line_num, cells) for cells in lines), schema)
    except csv.Error as error:
        broken = f"broken CSV ({error})"
        return _nothing(Problem(lines.line_num, None, broken, "commas and double quotes as in CSV"))


def _nothing(problem: Problem) -> Reading:
    return Reading([], [problem])


def _check(lines: Iterator[tuple[int, list[str]]], schema: Schema) -> Reading:
    _, names = next(lines)
    header = [name.strip() for name in names]
    reading = Reading([], _check_header(header, schema))
    columns = {column.name: column for column in schema.columns}
    for number, cells in lines:
        _check_row(number, cells, header, columns, reading)
    reading.problems.extend(_check_counts(reading, schema))
    return reading


def _check_header(header: Sequence[str], schema: Schema) -> list[Problem]:
    known = [column.name for column in schema.columns]
    problems = [
        Problem(1, name, f"the column {header.count(name)} times", "each column once")
        for name in dict.fromkeys(header)
        if header.count(name) > 1
    ]
    problems += [
        Problem(1, c.name, "no such column", c.allowed)
        for c in schema.columns
        if c.name not in header
    ]
    unexpected = [name for name in dict.fromkeys(header) if name not in known]
    problems += [
        Problem(1, _show(name), "an unexpected column", "the schema's columns only")
        for name in unexpected
    ]
    return problems


def _check_row(
    number: int,
    cells: Sequence[str],
    header: Sequence[str],
    columns: dict[str, Column],
    reading: Reading,
) -> None:
    if len(cells) != len(header):
        found, allowed = f"{len(cells)} cells", f"{len(header)}, as in the header"
        reading.problems.append(Problem(number, None, found, allowed))
        return
    row: dict[str, float] = {}
    for name, cell in zip(header, cells, strict=True):
        if column := columns.get(name):
            value = _check_cell(number, cell.strip(), column)
            if isinstance(value, Problem):
                reading.problems.append(value)
            else:
                row[name] = value
    if len(row) == len(columns):
        reading.rows.append(row)


def _check_cell(number: int, cell: str, column: Column) -> float | Problem:
    pattern = _NUMBER if column.type == "number" else _INTEGER
    if not cell:
        return Problem(number, column.name, "an empty cell", column.allowed)
    if not pattern.fullmatch(cell):
        return Problem(number, column.name, _show(cell), column.allowed)
    value = float(cell)
    if not math.isfinite(value) or not column.min <= value <= column.max:
        return Problem(number, column.name, _show(cell), column.allowed)
    return value


def _check_counts(reading: Reading, schema: Schema) -> list[Problem]:
    """Count the rows of a table with nothing else wrong: a row with a bad cell is not missing."""
    if reading.problems:
        return []
    if len(reading.rows) < schema.rows.min:
        return [
            Problem(None, None, f"{len(reading.rows)} rows of data", f"at least {schema.rows.min}")
        ]
    target = schema.target
    found = [row[target.name] for row in reading.rows]
    classes = range(int(target.min), int(target.max) + 1)
    least = schema.rows.min_per_class
    short = [(each, found.count(each)) for each in classes if found.count(each) < least]
    return [
        Problem(None, target.name, f"{n} rows with the value {each}", f"at least {least}")
        for each, n in short
    ]


def _show(text: str) -> str:
    """Quote what was found, with control characters escaped and at most 40 characters of it."""
    shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return ascii(shown) if not shown.isprintable() else f"'{shown}'"
