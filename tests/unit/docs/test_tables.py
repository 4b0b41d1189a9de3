"""The tables of the docs are those of the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.tables import ROOT, TABLES, renewed


@pytest.mark.parametrize(("page", "name"), TABLES)
def test_a_table_is_what_the_plug_ins_say(page: str, name: str) -> None:
    text = Path(ROOT / page).read_text(encoding="utf-8")
    assert renewed(text, name, TABLES[page, name]()) == text


def test_a_page_without_the_markers_is_an_error() -> None:
    with pytest.raises(ValueError, match="not just one"):
        renewed("no markers", "gates", "| x |")
