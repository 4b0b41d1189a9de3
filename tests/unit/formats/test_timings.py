"""Stage times: what the run waited for, and a table that adds up."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway.errors import DataError
from slipway.formats.fields import Fields, canonical
from slipway.formats.timings import StageTime, critical_path, critical_stages, render_text, total


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
    ("run", "path"),
    [
        ([stage("a", 0, 1, "a")], ("a",)),
        ([stage("a", 0, 1, "b"), stage("b", 0, 2, "a")], ("a", "b")),
        ([stage("a", 0, 1, "b"), stage("b", 0, 1, "a"), stage("c", 0, 9)], ("c",)),
    ],
)
def test_a_loop_ends_the_path(run: list[StageTime], path: tuple[str, ...]) -> None:
    assert critical_path(run) == path


def test_of_several_attempts_the_one_counts_that_was_waited_for() -> None:
    first, second = stage("push", 0, 5), stage("push", 6, 3, "push")
    assert critical_path([first, second]) == ("push", "push")
    sign = stage("sign", 5, 1, "push")
    late = stage("push", 5, 0.5)
    assert critical_stages([first, sign, late]) == (first, sign)
    assert critical_stages([first, second, stage("tag", 9, 1, "push")])[1:] == (
        second,
        stage("tag", 9, 1, "push"),
    )


def test_only_the_attempt_on_the_path_is_marked_critical() -> None:
    run = [stage("push", 0, 1), stage("push", 2, 3), stage("tag", 5, 1, "push")]
    rows = [line.split()[-1] for line in render_text(run).splitlines()[:3]]
    assert rows == ["%", "critical", "critical"]


NAMES = st.sampled_from("abc")


@given(
    st.lists(
        st.builds(
            StageTime,
            name=NAMES,
            started=st.floats(allow_nan=False, allow_infinity=False),
            seconds=st.floats(0, allow_nan=False, allow_infinity=False),
            cached=st.booleans(),
            after=st.lists(NAMES, max_size=3).map(tuple),
        ),
        max_size=6,
    )
)
def test_any_stages_have_a_path_without_repetition(run: list[StageTime]) -> None:
    path = critical_stages(run)
    assert all(one.name in two.after for one, two in pairwise(path))
    assert all(path.count(each) == 1 and each in run for each in path)
    assert bool(path) is bool(run)
    assert render_text(run)


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
