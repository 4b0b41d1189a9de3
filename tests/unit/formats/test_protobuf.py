"""Protobuf messages as records: nothing is lost, and what is cut off is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway.errors import DataError
from slipway.formats.protobuf import Record, read_varint, varint, walk

from ...support.records import RECORDS, encode


@given(st.integers(0, 2**64 - 1))
def test_varints_come_back(value: int) -> None:
    assert read_varint(b"xx" + varint(value), 2) == (value, 2 + len(varint(value)))


@given(RECORDS)
def test_walking_loses_nothing(records: list[Record]) -> None:
    message = encode(records)
    assert list(walk(message)) == records
    assert encode(list(walk(message))) == message


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_a_data_error(message: bytes) -> None:
    try:
        records = list(walk(message))
    except DataError:
        return
    # A varint may be written longer than it needs to be, so only the values have to agree.
    assert list(walk(encode(records))) == records


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (b"\x0b", "wire type 3"),
        (b"\x07", "field number 0"),
        (b"\x0a\x05abc", "field 1 is cut off"),
        (b"\x09abc", "field 1 is cut off"),
        (b"\x80", "a number without an end"),
        (b"\x08" + b"\xff" * 11, "a number without an end"),
        (b"\x0a", "a number without an end"),
    ],
)
def test_what_is_cut_off_is_told(message: bytes, why: str) -> None:
    with pytest.raises(DataError, match=why):
        list(walk(message))
