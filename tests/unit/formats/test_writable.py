"""What every format can carry: text stays text, and the rest is replaced one for one."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway.formats.writable import plain, writable, writable_json

from ..report.hostile import TEXT


@pytest.mark.parametrize(
    "hostile",
    [
        "\x00",
        "\x1b",
        "\x7f",
        "\x9b",
        "\ud800",
        chr(0xDFFF),
        "\u202e",
        "\u2066",
        "\ufffe",
        "\U0010ffff",
    ],
)
def test_what_cannot_be_carried_is_replaced(hostile: str) -> None:
    assert writable(f"a{hostile}b") == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize("text", ["", "a\tb\r\nc", "ä → 中 😀", "שלום\u200f", "<&>\"'"])
def test_text_stays_as_it_is(text: str) -> None:
    assert writable(text) == text


@given(TEXT)
def test_any_text_is_utf_8_and_xml(text: str) -> None:
    carried = writable(text)
    assert len(carried) == len(text)
    assert writable(carried) == carried
    element = ElementTree.Element("a")
    element.text = carried
    back = ElementTree.fromstring(ElementTree.tostring(element, encoding="utf-8")).text or ""  # noqa: S314
    assert back == carried.replace("\r\n", "\n").replace("\r", "\n")


@given(TEXT)
def test_a_plain_text_is_one_printable_line(text: str) -> None:
    assert plain(text).isprintable()
    assert len(plain(text)) == len(text)


def test_json_is_made_writable_all_through() -> None:
    value = {"\ud800": ["\x00", ("a", 1, True, None, 1.5)], "b": float("nan"), "c": float("inf")}
    assert writable_json(value) == {
        "\ufffd": ["\ufffd", ["a", 1, True, None, 1.5]],
        "b": None,
        "c": None,
    }


VALUES = st.dictionaries(TEXT, TEXT | st.floats() | st.lists(TEXT, max_size=2), max_size=3)


@given(VALUES)
def test_any_value_becomes_json_in_utf_8(value: dict[str, object]) -> None:
    written = json.dumps(writable_json(value), ensure_ascii=False, allow_nan=False)
    assert json.loads(written.encode()) == writable_json(value)
