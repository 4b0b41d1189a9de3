"""Stages, work side by side, and what a person reads when several things fail."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from dagger import ExecError, QueryError
from dagger._exceptions import QueryErrorValue
from dagger.mod._exceptions import FunctionError
from gql import GraphQLRequest
from slipway.errors import (
    ConfigError,
    DataError,
    StageFailed,
    TagConflict,
    flatten,
)
from slipway.runtime.concurrency import concurrently
from slipway.runtime.stage import Input, RunTrace, Stage, by_key, daily, never
from slipway.runtime.user_errors import UserError, user_errors


async def failing(error: Exception) -> str:
    """Work that fails."""
    raise error


async def late(seconds: float, answer: str) -> str:
    """Work that takes a while."""
    await anyio.sleep(seconds)
    return answer


def test_results_come_in_the_order_asked_and_not_in_that_of_ending() -> None:
    async def ask() -> tuple[str, ...]:
        return await concurrently(*(late(0.03 - n / 100, str(n)) for n in range(4)))

    assert anyio.run(ask) == ("0", "1", "2", "3")


def test_nothing_to_do_gives_nothing() -> None:
    assert anyio.run(concurrently) == ()


def test_work_goes_on_when_a_sibling_fails_and_all_failures_are_raised_in_the_order_asked() -> None:
    done: list[str] = []

    async def slow(error: Exception) -> str:
        done.append(await late(0.02, "slow"))
        raise error

    async def ask() -> None:
        group = ExceptionGroup("inner", [DataError("third"), DataError("fourth")])
        await concurrently(
            slow(ConfigError("first")), failing(DataError("second")), failing(group), late(0, "x")
        )

    with pytest.raises(ExceptionGroup) as caught:
        anyio.run(ask)
    assert done == ["slow"]
    assert [str(leaf) for leaf in flatten(caught.value)] == [
        "first.",
        "second.",
        "third.",
        "fourth.",
    ]


def test_work_runs_at_once() -> None:
    async def meet() -> None:
        first, second = anyio.Event(), anyio.Event()

        async def one() -> None:
            first.set()
            await second.wait()

        async def two() -> None:
            second.set()
            await first.wait()

        with anyio.fail_after(5):
            await concurrently(one(), two())

    anyio.run(meet)


def test_a_person_reads_all_failures_in_one_message_without_a_stack() -> None:
    with pytest.raises(FunctionError) as caught, user_errors():
        raise ExceptionGroup("x", [ConfigError("one thing"), DataError("another")])
    assert str(caught.value) == "2 things failed:\n1. one thing.\n2. another."
    assert caught.value.__cause__ is None


def test_a_call_exits_with_the_code_of_the_error() -> None:
    with pytest.raises(UserError) as caught, user_errors():
        raise TagConflict("the tag v1 exists", where="registry", remedy="Choose another")
    error = caught.value
    assert str(error) == "the tag v1 exists (registry). Choose another."
    assert error.code == TagConflict.code
    # The SDK sends exactly these to the engine, and `dagger call` prints what stdout and stderr hold.
    assert error.error.extensions == {
        "_type": "EXEC_ERROR",
        "exitCode": TagConflict.code,
        "cmd": [],
        "stdout": "",
        "stderr": "",
    }
    assert isinstance(error, FunctionError), "the SDK prints the stack of all others"


def test_several_failures_exit_with_the_lowest_code() -> None:
    for errors in ([TagConflict("a"), ConfigError("b")], [ConfigError("b"), TagConflict("a")]):
        with pytest.raises(UserError) as caught, user_errors():
            raise ExceptionGroup("x", errors)
        assert caught.value.code == ConfigError.code


@pytest.mark.parametrize("together", [False, True])
def test_a_command_that_failed_outside_of_a_stage_counts_as_one(together: bool) -> None:
    marks = {
        "_type": "EXEC_ERROR",
        "cmd": ["tar", "x"],
        "exitCode": 9,
        "stdout": "",
        "stderr": "no",
    }
    failed = QueryError([QueryErrorValue("x", extensions=marks)], GraphQLRequest("{ id }"))
    assert isinstance(failed, ExecError)
    with pytest.raises(UserError) as caught, user_errors():
        raise ExceptionGroup("x", [failed]) if together else failed
    assert str(caught.value) == "tar x ended with exit code 9:\n  no"
    assert caught.value.code == StageFailed.code


def test_what_nobody_foresaw_keeps_its_own_type() -> None:
    with pytest.raises(ZeroDivisionError), user_errors():
        raise ExceptionGroup("x", [ConfigError("one"), ZeroDivisionError("bug")])


def test_a_stage_that_started_before_the_run_was_cached() -> None:
    trace = RunTrace(began=100.0)
    trace.record("old", started=99.0, seconds=3)
    trace.record("new", started=100.5, seconds=3, after=("old",))
    assert [(one.name, one.cached) for one in trace.times] == [("old", True), ("new", False)]


def test_a_stage_names_the_command_that_opens_a_shell_in_it() -> None:
    stage = Stage(name="train", container=None, argv=("x",))  # type: ignore[arg-type]
    assert stage.debug_command == "dagger call debug --stage train terminal"


def test_a_stage_waits_for_whoever_made_its_inputs_and_for_its_gates_each_once() -> None:
    thing: Any = object()
    stage = Stage(
        name="pack",
        container=thing,
        argv=("x",),
        inputs=(
            Input(path="/data", content=thing),
            Input(path="/a", content=thing, made_by=("train", "verify")),
            Input(path="/b", content=thing, made_by=("train",)),
        ),
        gated_by=("lint", "verify"),
    )
    assert stage.after == ("train", "verify", "lint")


def test_a_rule_of_the_cache_is_a_key() -> None:
    assert by_key().key == ""
    assert by_key("a") == by_key("a") != by_key("b")
    assert daily() == daily()
    assert never().key != never().key
