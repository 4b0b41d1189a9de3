"""docs/attacks.md and the list of refusals that are taken out, against the program and its tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.mutations import MUTATIONS, SOURCE, Mutation

ROOT = Path(__file__).parents[3]
TABLE = (ROOT / "docs" / "attacks.md").read_text(encoding="utf-8")


def test_the_table_is_the_list() -> None:
    told = [line for line in TABLE.splitlines() if line.startswith(("| 0", "| 1"))]
    assert told == [mutation.told() for mutation in MUTATIONS]


def test_every_row_has_a_refusal_that_is_taken_out() -> None:
    assert {mutation.row for mutation in MUTATIONS} == {f"{n:02}" for n in range(1, 19)}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: f"{each.row} {each.old[:30]}")
def test_what_is_taken_out_is_there_once_and_its_test_is_too(mutation: Mutation) -> None:
    assert mutation.old != mutation.new
    text = (ROOT / SOURCE / mutation.file).read_text(encoding="utf-8")
    assert text.count(mutation.old) == 1
    file, _, name = mutation.tests.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")
    assert mutation.row in name.split("_")
