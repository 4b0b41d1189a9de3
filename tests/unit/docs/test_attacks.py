"""docs/attacks.md and the list of refusals that are taken out, against the product and its tests."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.tools.refusals import REFUSALS, Refusal, place_of, places, table, without

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "attacks.md").read_text(encoding="utf-8")


def test_the_table_is_the_list() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith(("| 0", "| 1"))]
    assert rows == table(), "paste the output of: python -m tests.tools.mutations --table"


def test_every_row_has_a_refusal_that_is_taken_out() -> None:
    assert {refusal.row for refusal in REFUSALS} == {f"{n:02}" for n in range(1, 19)}


def test_the_markers_in_the_product_are_those_of_the_list_once_each() -> None:
    marked = {marker: len(found) for marker, found in places().items()}
    assert marked == {refusal.marker: 1 for refusal in REFUSALS}
    assert len(REFUSALS) == len(marked)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda each: each.marker)
def test_a_refusal_can_be_taken_out_and_its_test_exists(refusal: Refusal) -> None:
    place = place_of(refusal)
    text = place.text(ROOT)
    mutated = without(refusal, text, place.line)
    assert ast.dump(ast.parse(mutated)) != ast.dump(ast.parse(text))
    file, _, name = refusal.test.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")
    assert refusal.row in name.split("_")
