"""Stage times: what the run waited for, and a table that adds up."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway.errors import DataError
from slipway.formats.fields import Fields, canonical
from slipway.formats.timings import StageTime, critical_path, render_text, total


def stage(
    name: str, started: float, seconds: float, *after: str, cached: bool = False
) -> StageTime:
    return StageTime(name=name, started=started, seconds=seconds, cached=cached, after=after)


RUN = [
    stage("lint", 100, 2),
    stage("train", 100, 10, cached=True),
    stage("build", 110, 5, "train", "lint"),
    stage("plan", 100, 12),
    stage("push", 115, 5, "build", "plan"),
]


def test_the_critical_path_is_what_the_run_waited_for() -> None:
    assert critical_path(RUN) == ("train", "build", "push")
    assert total(RUN) == 20.0


def test_a_table_adds_up() -> None:
    assert render_text(RUN).splitlines() == [
        "lint       2.00 s   10 %",
        "plan      12.00 s   60 %",
        "train     10.00 s   50 %  critical cached",
        "build      5.00 s   25 %  critical",
        "push       5.00 s   25 %  critical",
        "total     20.00 s  100 %",
        "critical path: train → build → push",
    ]


def test_nothing_timed_is_said() -> None:
    assert render_text([]) == "no stage was timed"
    assert (critical_path([]), total([])) == ((), 0.0)


def test_a_run_without_any_time_has_no_shares() -> None:
    assert render_text([stage("a", 1, 0)]).splitlines()[0] == "a          0.00 s    - %  critical"


def test_stages_that_were_not_timed_do_not_matter() -> None:
    assert critical_path([stage("a", 0, 1, "elsewhere")]) == ("a",)


@pytest.mark.parametrize(
    "run",
    [[stage("a", 0, 1, "a")], [stage("a", 0, 1, "b"), stage("b", 0, 1, "a"), stage("c", 0, 9)]],
)
def test_a_circle_is_refused(run: list[StageTime]) -> None:
    with pytest.raises(DataError, match="wait for each other"):
        critical_path(run)


def test_a_name_stands_once() -> None:
    with pytest.raises(DataError, match="same name"):
        critical_path([stage("a", 0, 1), stage("a", 1, 1)])


@pytest.mark.parametrize(
    ("started", "seconds"), [(0.0, -1.0), (float("nan"), 1.0), (0.0, float("inf"))]
)
def test_times_are_numbers(started: float, seconds: float) -> None:
    with pytest.raises(DataError, match="stage a took"):
        stage("a", started, seconds)


@given(
    st.lists(
        st.tuples(st.floats(0, 1e6), st.floats(0, 1e4), st.lists(st.integers(0, 9))), max_size=8
    )
)
def test_a_path_follows_the_edges(shape: list[tuple[float, float, list[int]]]) -> None:
    run = [
        stage(f"s{n}", started, seconds, *(f"s{before}" for before in after if before < n))
        for n, (started, seconds, after) in enumerate(shape)
    ]
    path = critical_path(run)
    after = {each.name: each.after for each in run}
    assert all(one in after[two] for one, two in pairwise(path))
    assert bool(path) is bool(run)


def test_a_stage_survives_json() -> None:
    for each in RUN:
        assert StageTime.from_fields(Fields.parse(canonical(each.to_dict()), where="x")) == each
