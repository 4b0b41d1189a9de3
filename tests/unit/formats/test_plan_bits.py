"""Saved plans without the time of day: what changes, what must not, and what is no plan."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from slipway.errors import DataError
from slipway.formats import plan_bits
from slipway.formats.plan_bits import PLAN, normalise, with_sorted_checks, with_timestamp
from slipway.formats.protobuf import Record, walk

from ...support.records import RECORDS, encode

TIME = "2026-11-24T00:00:00Z"
ASSETS = Path(__file__).parents[2] / "assets" / "plan"
EPOCH = 1_795_478_400


def text(number: int, value: str) -> Record:
    return Record(number=number, wire=2, value=value.encode())


def plan(message: bytes, **others: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**others, "tfplan": message}.items():
            archive.writestr(name, content)
    return target.getvalue()


@given(RECORDS)
def test_only_the_time_and_the_order_of_sets_change(records: list[Record]) -> None:
    before, after = encode(records), list(walk(with_timestamp(encode(records), TIME)))
    assert {each.value for each in after if each.number == 21} <= {TIME.encode()}
    assert sorted(map(repr, (each for each in after if each.number != 21))) == sorted(
        map(repr, (each for each in walk(before) if each.number != 21))
    )
    for number in {each.number for each in records} - PLAN.sets - {21}:
        kept = [each for each in after if each.number == number]
        assert kept == [each for each in records if each.number == number]


@given(RECORDS)
def test_the_order_of_unordered_sets_does_not_matter(records: list[Record]) -> None:
    sets = [each for each in records if each.number in PLAN.sets]
    others = [each for each in records if each.number not in PLAN.sets]
    assert with_timestamp(encode(sets + others), TIME) == with_timestamp(
        encode(others + sets[::-1]), TIME
    )


def message(number: int, *inner: Record) -> Record:
    return Record(number=number, wire=2, value=encode([*inner]))


@pytest.mark.parametrize(
    "wrap",
    [
        lambda paths: message(3, message(9, text(3, "x"), *paths(3), *paths(4))),
        lambda paths: message(18, *paths(11)),
        lambda paths: message(4, text(1, "output"), message(2, *paths(4))),
        lambda paths: message(19, text(2, "check"), *paths(4)),
    ],
)
def test_sets_inside_of_changes_have_no_order_either(
    wrap: Callable[[Callable[[int], list[Record]]], Record],
) -> None:
    one = wrap(lambda number: [text(number, "a"), text(number, "b")])
    two = wrap(lambda number: [text(number, "b"), text(number, "a")])
    assert one != two
    assert with_timestamp(one.encode(), TIME) == with_timestamp(two.encode(), TIME)


def test_values_of_a_change_keep_their_order() -> None:
    """`values` of a change are the old one and the new one."""
    update = message(3, message(9, text(2, "new"), text(2, "before")))
    assert with_timestamp(update.encode(), TIME) == update.encode()


def test_a_change_that_is_no_message_is_told() -> None:
    with pytest.raises(DataError, match="not a protobuf message"):
        with_timestamp(text(3, "x").encode(), TIME)


def test_two_real_plans_of_one_tree_become_the_same_bytes() -> None:
    """Recorded with OpenTofu 1.12.6: a state with checks, replacements, modules, secrets."""
    first, second = ((ASSETS / f"{name}.tfplan").read_bytes() for name in ("first", "second"))
    assert first != second
    assert normalise(first, epoch=EPOCH) == normalise(second, epoch=EPOCH)


def test_two_plans_of_one_tree_are_the_same_bytes() -> None:
    changes = [Record(number=3, wire=2, value=text(13, name).encode()) for name in "ba"]
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


CHECKS = (
    '[{"object_kind":"resource","config_addr":"b","status":"pass","objects":null},'
    '{"config_addr":"a","objects":[{"object_addr":"a[2]"},{"object_addr":"a[1]"}]}]'
)
SORTED = (
    '[{"config_addr":"a","objects":[{"object_addr":"a[1]"},{"object_addr":"a[2]"}]},'
    '{"config_addr":"b","object_kind":"resource","objects":null,"status":"pass"}]'
)
STATE = '{"serial":1,"resources":[{"n":1.00000000000000000001,"s":"\\"check_results\\":[]"}]'


def test_check_results_of_a_state_are_sorted_and_all_else_keeps_its_bytes() -> None:
    state = f'{STATE},"check_results":{CHECKS}}}\n'.encode()
    assert with_sorted_checks(state) == f'{STATE},"check_results":{SORTED}}}\n'.encode()


@pytest.mark.parametrize(
    "state",
    [
        STATE + "}",
        STATE + ',"check_results":null}',
        STATE + ',"check_results":[1,',
        STATE + ',"check_results":[2,1],"later":0}',
        "",
        "\x00",
    ],
)
def test_a_state_of_another_form_is_left_alone(state: str) -> None:
    assert with_sorted_checks(state.encode()) == state.encode()


def test_a_message_that_is_broken_is_told_with_its_file() -> None:
    with pytest.raises(DataError, match="tfplan: this is not a protobuf message: wire type 3"):
        normalise(plan(b"\x0b"), epoch=EPOCH)


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
