"""The error tree: what a person reads, and how many errors become one."""

from __future__ import annotations

import pytest
from slipway import errors
from slipway.errors import (
    ConfigError,
    DataError,
    GateFailed,
    InvalidReference,
    SlipwayError,
    StageFailed,
    TagConflict,
    flatten,
    one,
)


def test_a_message_says_what_where_and_what_to_do() -> None:
    error = ConfigError("name is missing", where="slipway.yaml:1", remedy="Add it")
    assert str(error) == "name is missing (slipway.yaml:1). Add it."


def test_a_message_may_be_a_fact_alone_and_keeps_its_own_full_stop() -> None:
    assert str(SlipwayError("it broke.")) == "it broke."
    assert str(SlipwayError("it broke", remedy="Run `make up`")) == "it broke. Run `make up`"


def test_every_error_is_in_the_one_tree() -> None:
    tree = [each for each in vars(errors).values() if isinstance(each, type)]
    mine = [each for each in tree if issubclass(each, Exception)]
    assert len(mine) > 10
    assert all(issubclass(each, SlipwayError) for each in mine)
    assert issubclass(TagConflict, errors.RegistryError)


def test_a_failed_stage_shows_the_end_of_its_output_and_the_way_in() -> None:
    tail = "\n".join(f"line {n}" for n in range(50))
    error = StageFailed("train", exit_code=3, tail=tail, debug="dagger call train terminal")
    lines = str(error).splitlines()
    assert lines[0] == "stage train failed with exit code 3:"
    assert lines[1] == "  line 30"
    assert lines[-2:] == ["  line 49", "To look into it: dagger call train terminal"]


def test_a_failed_stage_without_output_is_one_sentence() -> None:
    assert str(StageFailed("train", exit_code=1)) == "stage train failed with exit code 1."


def test_groups_are_flattened_in_order() -> None:
    first, second, third = ValueError("1"), KeyError("2"), OSError("3")
    group = ExceptionGroup("a", [first, ExceptionGroup("b", [second]), third])
    assert flatten(group) == [first, second, third]
    assert flatten(first) == [first]


def test_one_error_keeps_its_type() -> None:
    failed = GateFailed("1 gate did not pass", verdicts=())
    assert one([ExceptionGroup("tasks", [failed])]) is failed


def test_several_errors_become_one_message_and_repeated_ones_are_said_once() -> None:
    told = [ConfigError("a"), ExceptionGroup("b", [ConfigError("a"), OSError("disk full")])]
    assert str(one(told)) == "2 things failed:\n1. a.\n2. OSError: disk full"


def test_a_foreign_error_alone_is_named_by_its_type() -> None:
    assert str(one([KeyError()])) == "KeyError."


def test_no_error_at_all_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="at least one"):
        one([])


def test_several_errors_have_the_lowest_of_their_codes() -> None:
    failed = GateFailed("1 gate did not pass", verdicts=())
    assert one([TagConflict("a"), failed]).code == GateFailed.code
    assert one([failed, TagConflict("a"), InvalidReference("b")]).code == DataError.code
    assert SlipwayError.code == errors.UNFORESEEN


def test_an_error_from_outside_the_tree_was_not_foreseen() -> None:
    assert one([ConfigError("a"), OSError("disk full")]).code == errors.UNFORESEEN
    assert one([OSError("disk full")]).code == errors.UNFORESEEN
