"""Saved plans without the time of day: what changes, what must not, and what is no plan."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway.domain import plan_bits
from slipway.domain.plan_bits import Record, normalise, read_varint, varint, walk, with_timestamp
from slipway.errors import DataError

TIME = "2026-11-24T00:00:00Z"
EPOCH = 1_795_478_400
NUMBERS = st.integers(1, 40) | st.integers(1, (1 << 29) - 1)
RECORDS = st.lists(
    st.one_of(
        st.builds(Record, number=NUMBERS, wire=st.just(2), value=st.binary(max_size=300)),
        st.builds(Record, number=NUMBERS, wire=st.just(1), value=st.binary(min_size=8, max_size=8)),
        st.builds(Record, number=NUMBERS, wire=st.just(5), value=st.binary(min_size=4, max_size=4)),
        st.builds(
            Record, number=NUMBERS, wire=st.just(0), value=st.integers(0, 2**64 - 1).map(varint)
        ),
    ),
    max_size=12,
)


def encode(records: list[Record]) -> bytes:
    return b"".join(record.encode() for record in records)


def text(number: int, value: str) -> Record:
    return Record(number=number, wire=2, value=value.encode())


def plan(message: bytes, **others: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**others, "tfplan": message}.items():
            archive.writestr(name, content)
    return target.getvalue()


@given(st.integers(0, 2**64 - 1))
def test_varints_come_back(value: int) -> None:
    assert read_varint(b"xx" + varint(value), 2) == (value, 2 + len(varint(value)))


@given(RECORDS)
def test_walking_loses_nothing(records: list[Record]) -> None:
    message = encode(records)
    assert list(walk(message)) == records
    assert encode(list(walk(message))) == message


@given(RECORDS)
def test_only_the_time_and_the_order_of_sets_change(records: list[Record]) -> None:
    before, after = encode(records), list(walk(with_timestamp(encode(records), TIME)))
    assert {each.value for each in after if each.number == 21} <= {TIME.encode()}
    assert sorted(map(repr, (each for each in after if each.number != 21))) == sorted(
        map(repr, (each for each in walk(before) if each.number != 21))
    )
    for number in {each.number for each in records} - {2, 3, 4, 5, 15, 16, 18, 19, 21}:
        kept = [each for each in after if each.number == number]
        assert kept == [each for each in records if each.number == number]


@given(RECORDS)
def test_the_order_of_unordered_sets_does_not_matter(records: list[Record]) -> None:
    sets = [each for each in records if each.number in plan_bits._UNORDERED]
    others = [each for each in records if each.number not in plan_bits._UNORDERED]
    assert with_timestamp(encode(sets + others), TIME) == with_timestamp(
        encode(others + sets[::-1]), TIME
    )


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


def test_two_plans_of_one_tree_are_the_same_bytes() -> None:
    changes = [text(3, "b"), text(3, "a")]
    first = encode([text(21, "2026-11-24T09:00:00Z"), text(14, "1.12.6"), *changes])
    second = encode([text(14, "1.12.6"), *changes[::-1], text(21, "2026-11-25T10:11:12.5Z")])
    one = normalise(plan(first, tfstate=b"{}", **{"tfconfig/m-/main.tf": b"#"}), epoch=EPOCH)
    two = normalise(plan(second, **{"tfconfig/m-/main.tf": b"#", "tfstate": b"{}"}), epoch=EPOCH)
    assert one == two
    assert normalise(one, epoch=EPOCH) == one
    assert normalise(one, epoch=EPOCH + 1) != one
    with zipfile.ZipFile(io.BytesIO(one)) as archive:
        assert archive.namelist() == ["tfconfig/m-/main.tf", "tfplan", "tfstate"]
        assert archive.testzip() is None
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert list(walk(archive.read("tfplan")))[-1] == text(21, TIME)


def test_a_plan_of_a_version_without_a_time_gets_none() -> None:
    message = encode([text(14, "1.0")])
    assert with_timestamp(message, TIME) == message


def test_a_stack_that_asks_for_the_time_of_the_plan_is_refused() -> None:
    with pytest.raises(DataError, match="Pass the commit's time as a variable"):
        normalise(plan(b"", **{"tfconfig/m-/main.tf": b"x = plantimestamp()"}), epoch=EPOCH)


@pytest.mark.parametrize("content", [b"", b"PK", b'{"encrypted_data": "x"}', plan(b"")[:-10]])
def test_what_is_no_zip_is_told(content: bytes) -> None:
    with pytest.raises(DataError, match="not a zip"):
        normalise(content, epoch=EPOCH)


def test_a_zip_without_a_plan_is_told() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("tfstate", "{}")
    with pytest.raises(DataError, match="no tfplan in it"):
        normalise(target.getvalue(), epoch=EPOCH)


def test_a_zip_with_two_of_a_name_is_told() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("tfplan", b"")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("tfplan", b"x")
    with pytest.raises(DataError, match="stands in it twice"):
        normalise(target.getvalue(), epoch=EPOCH)


def test_a_bomb_is_told_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_bits, "LIMIT", 1 << 20)
    with pytest.raises(DataError, match="over 1 MiB"):
        normalise(plan(b"\0" * (2 << 20)), epoch=EPOCH)


def test_damaged_content_is_told() -> None:
    whole = bytearray(plan(b"\x0a\x64" + b"long enough to be squeezed" * 4))
    whole[40:48] = b"\xff" * 8
    with pytest.raises(DataError, match="not a zip"):
        normalise(bytes(whole), epoch=EPOCH)
