"""Requests: what is taken, what is refused, and that the field is always named."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.features import FEATURES
from screening.schema import read as read_schema
from screening.schemas import MOST_ROWS, BadRequestError, Refusal, Requests
from support import SERVICE

SCHEMA = read_schema(SERVICE / "schema.json").schema
REQUESTS = Requests(SCHEMA)
RANGES = {column.name: (column.min, column.max) for column in SCHEMA.features}
ROWS = st.fixed_dictionaries({name: st.floats(*limits) for name, limits in RANGES.items()})
NAMES = st.sampled_from(FEATURES)
ROW: dict[str, Any] = {name: high for name, (_, high) in RANGES.items()}


def refusal(content: object) -> Refusal:
    """Give what is said about a body that is refused; bytes are sent as they are."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    with pytest.raises(BadRequestError) as caught:
        REQUESTS.parse(body)
    return caught.value.refusal


@given(ROWS)
def test_a_row_in_its_ranges_is_taken_in_the_order_of_the_features(row: dict[str, float]) -> None:
    shuffled = dict(sorted(row.items()))
    values, is_batch = REQUESTS.parse(json.dumps(shuffled).encode())
    assert values.tolist() == [[row[name] for name in FEATURES]]
    assert not is_batch


@given(st.lists(ROWS, min_size=1, max_size=3))
def test_a_batch_keeps_the_order_of_its_rows(rows: list[dict[str, float]]) -> None:
    values, is_batch = REQUESTS.parse(json.dumps({"rows": rows}).encode())
    assert values.tolist() == [[row[name] for name in FEATURES] for row in rows]
    assert is_batch


WRONG = (
    st.none()
    | st.booleans()
    | st.text(max_size=5)
    | st.lists(st.floats(), max_size=2)
    | st.sampled_from([float("nan"), float("inf"), float("-inf"), 1e9, -1.0, "12", 10**400])
)


@given(NAMES, WRONG)
def test_a_wrong_value_is_refused_by_the_name_of_its_field(name: str, wrong: object) -> None:
    found = refusal({**ROW, name: wrong})
    assert [problem.field for problem in found.detail] == [name]
    batch = refusal({"rows": [ROW, {**ROW, name: wrong}]})
    assert [problem.field for problem in batch.detail] == [f"rows.1.{name}"]


@given(NAMES)
def test_a_missing_field_is_named(name: str) -> None:
    found = refusal({key: value for key, value in ROW.items() if key != name})
    assert [(problem.field, problem.type) for problem in found.detail] == [(name, "missing")]


@given(st.text(min_size=1, max_size=300).filter(lambda name: name not in {*FEATURES, "rows"}))
def test_an_unknown_field_is_named_in_bounds(name: str) -> None:
    found = refusal({**ROW, name: 1.0})
    assert [problem.field for problem in found.detail] == [name[:200]]


@given(st.binary(max_size=50))
def test_no_body_breaks_it(body: bytes) -> None:
    assert refusal(body).problems >= 1


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"{'a': 1}"])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    found = refusal(body)
    assert [(problem.field, problem.type) for problem in found.detail] == [("body", "json_invalid")]


@pytest.mark.parametrize("content", [None, 1, "row", [], [ROW]])
def test_what_is_not_an_object_is_refused(content: object) -> None:
    assert [problem.field for problem in refusal(content).detail] == ["body"]


@pytest.mark.parametrize("rows", [[], None, {}, [ROW] * (MOST_ROWS + 1)])
def test_a_batch_is_a_list_of_1_to_1000_rows(rows: object) -> None:
    assert [problem.field for problem in refusal({"rows": rows}).detail] == ["rows"]


def test_a_batch_of_1000_rows_is_taken() -> None:
    values, _ = REQUESTS.parse(json.dumps({"rows": [ROW] * MOST_ROWS}).encode())
    assert values.shape == (1000, 30)


def test_a_batch_has_nothing_beside_its_rows() -> None:
    found = refusal({"rows": [ROW], "mean_radius": 10.0})
    assert [problem.field for problem in found.detail] == ["mean_radius"]


def test_many_problems_are_listed_up_to_20_and_counted() -> None:
    found = refusal({"rows": [{}] * 10})
    assert (len(found.detail), found.problems) == (20, 300)


def test_what_was_sent_is_not_sent_back() -> None:
    assert "secret" not in refusal({**ROW, "mean_radius": "secret"}).model_dump_json()
