"""What holds for any content of a file."""

import string

from hypothesis import given
from hypothesis import strategies as st

from screening import table
from screening.schema import Schema

SCHEMA = Schema.model_validate(
    {
        "version": 1,
        "rows": {"min": 2, "min_per_class": 1},
        "columns": [
            {"name": "size", "type": "number", "min": -1.5, "max": 1e6},
            {"name": "ill", "type": "integer", "min": 0, "max": 1, "role": "target"},
        ],
    }
)
SIZES = st.floats(min_value=-1.5, max_value=1e6)
ROWS = st.lists(st.tuples(SIZES, st.integers(0, 1)), min_size=2, max_size=20)


def text_of(rows: list[tuple[float, int]]) -> str:
    """Write rows as CSV."""
    return "\n".join(["size,ill", *(f"{size!r},{ill}" for size, ill in rows)])


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    assert table.parse(content, SCHEMA).problems


@given(st.text(alphabet=string.printable + "é\x00\u2028", max_size=200))
def test_no_text_after_a_good_header_breaks_it(text: str) -> None:
    reading = table.parse(f"size,ill\n{text}".encode(), SCHEMA)
    for row in reading.rows:
        assert -1.5 <= row["size"] <= 1e6
        assert row["ill"] in (0, 1)


@given(ROWS)
def test_good_rows_are_read_back_as_they_were(rows: list[tuple[float, int]]) -> None:
    reading = table.parse(text_of([*rows, (0.0, 0), (0.0, 1)]).encode(), SCHEMA)
    assert reading.problems == []
    assert [(row["size"], row["ill"]) for row in reading.rows[:-2]] == rows


OUTSIDE = st.floats(max_value=-1.5, exclude_max=True) | st.floats(min_value=1e6, exclude_min=True)


@given(ROWS, st.data(), OUTSIDE | st.just(float("nan")))
def test_a_value_outside_its_range_is_always_found_and_placed(
    rows: list[tuple[float, int]], data: st.DataObject, bad: float
) -> None:
    index = data.draw(st.integers(0, len(rows) - 1))
    rows[index] = (bad, rows[index][1])
    (problem,) = table.parse(text_of(rows).encode(), SCHEMA).problems
    assert (problem.row, problem.column) == (index + 2, "size")


@given(st.permutations(["size", "ill"]), ROWS)
def test_the_order_of_columns_does_not_matter(
    order: list[str], rows: list[tuple[float, int]]
) -> None:
    cells = [{"size": repr(size), "ill": str(ill)} for size, ill in [*rows, (1.0, 0), (1.0, 1)]]
    lines = [",".join(order), *(",".join(row[name] for name in order) for row in cells)]
    expected = [{name: float(value) for name, value in row.items()} for row in cells]
    assert table.parse("\n".join(lines).encode(), SCHEMA).rows == expected
