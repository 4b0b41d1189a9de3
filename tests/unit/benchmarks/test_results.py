"""Ratios, goals, and the page that says them."""

from __future__ import annotations

import pytest

from benchmarks.page import page
from benchmarks.results import Case, Figures, Goal, goals, seconds, table, verdicts


def run(wall: float, critical: float = 0.0, pushed: int = 10) -> Figures:
    return Figures(wall=wall, cpu=2 * wall, pushed=pushed, disk=100, critical=critical)


def case(name: str, peer: list[float], ours: list[float], critical: float = 0.0) -> Case:
    slipway = [run(wall, critical) for wall in ours]
    return Case(name=name, peer=[run(wall) for wall in peer], slipway=slipway)


def test_medians_are_compared() -> None:
    found = case("x", [10, 20, 90], [5, 1, 50], critical=4)
    assert found.ratio == 0.25
    assert found.over_critical == 1.25
    assert case("x", [1], [1]).over_critical == 0


@pytest.mark.parametrize(("found", "met"), [(0.25, True), (0.2501, False)])
def test_a_goal_is_met_at_its_bound(found: float, met: bool) -> None:
    assert Goal(name="x", bound=0.25, found=found).met is met


def test_the_four_goals() -> None:
    cases = [
        case("cold", [100], [105], critical=90),
        case("nothing changed", [40], [10]),
        case("one line of the service", [40], [30], critical=20),
    ]
    found = goals({each.name: each for each in cases})
    assert [(goal.bound, round(goal.found, 2), goal.met) for goal in found] == [
        (0.25, 0.25, True),
        (0.5, 0.75, False),
        (1.1, 1.05, True),
        (1.2, 1.5, False),
    ]
    assert "worst case: one line of the service" in found[3].name
    assert verdicts(found).splitlines()[3].endswith("| ≤ 0.5 | 0.75 | **missed** |")


def test_cases_that_were_not_run_have_no_goal() -> None:
    assert [goal.bound for goal in goals({"cold": case("cold", [1], [1])})] == [1.1]


def test_the_tables() -> None:
    cases = [
        case("a", [10], [5], critical=4),
        Case(name="b", peer=[run(2, pushed=0)], slipway=[run(1)]),
    ]
    assert table(cases).splitlines()[2:] == [
        "| a | 0.50 | 0.50 | 1.00 | 1.00 | 1.25 |",
        "| b | 0.50 | 0.50 | - | 1.00 | - |",
    ]
    assert seconds(cases).splitlines()[2].startswith("| a | 1 | 10.0 | 5.0 | 20.0 | 10.0 |")


def test_the_page_names_machine_and_data() -> None:
    text = page([case("cold", [1], [1])], machine="2 cores", loaded=75.4, advisories=False)
    assert "Machine: 2 cores. Advisories: none at hand." in text
    assert "75 s here" in text
    assert "| cold | 1.00 |" in text
