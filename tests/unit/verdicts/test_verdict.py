"""Verdicts: what findings mean, what several verdicts mean together, and that nothing passes
unseen.
"""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway.errors import DataError
from slipway.verdicts.verdict import (
    Finding,
    Severity,
    Status,
    Verdict,
    Waiver,
    WhenNotEvaluated,
    decide,
    overall,
)

TODAY = dt.date(2026, 11, 24)
HIGH = Finding(id="CVE-1", severity=Severity.HIGH, title="bad")
LOW = Finding(id="CVE-2", severity=Severity.LOW, title="meh")
UNKNOWN = Finding(id="CVE-3", severity=Severity.UNKNOWN, title="who knows")


def waiver(name: str, expires: dt.date = TODAY) -> Waiver:
    return Waiver(id=name, reason="because", expires=expires)


def verdict(status: Status, gate: str = "g") -> Verdict:
    return Verdict(gate=gate, status=status, summary="said")


@pytest.mark.parametrize(
    ("findings", "waivers", "expected"),
    [
        ([], [], Status.PASSED),
        ([LOW], [], Status.PASSED),
        ([HIGH], [], Status.FAILED),
        ([UNKNOWN], [], Status.FAILED),
        ([HIGH], [waiver("CVE-1")], Status.WAIVED),
        ([LOW], [waiver("CVE-2")], Status.PASSED),
        ([HIGH, UNKNOWN], [waiver("CVE-1")], Status.FAILED),
        ([HIGH], [waiver("CVE-2")], Status.FAILED),
        ([HIGH], [waiver("CVE-1", TODAY - dt.timedelta(days=1))], Status.FAILED),
    ],
)
def test_findings_decide(findings: list[Finding], waivers: list[Waiver], expected: Status) -> None:
    decided = decide(findings, threshold=Severity.HIGH, waivers=waivers, today=TODAY)
    assert decided is expected


@given(
    st.lists(
        st.builds(
            Finding,
            id=st.sampled_from("abc"),
            severity=st.sampled_from(Severity),
            title=st.just("t"),
        )
    )
)
def test_more_findings_never_make_it_better(findings: list[Finding]) -> None:
    fewer = decide(findings[1:], threshold=Severity.MEDIUM, waivers=[waiver("a")], today=TODAY)
    more = decide(findings, threshold=Severity.MEDIUM, waivers=[waiver("a")], today=TODAY)
    ranks = [Status.PASSED, Status.WAIVED, Status.FAILED]
    assert ranks.index(more) >= ranks.index(fewer)


ALLOW, FAIL = WhenNotEvaluated.ALLOW, WhenNotEvaluated.FAIL
PASSED, FAILED, WAIVED, NOT_EVALUATED = (
    Status.PASSED,
    Status.FAILED,
    Status.WAIVED,
    Status.NOT_EVALUATED,
)


@pytest.mark.parametrize(
    ("statuses", "rule", "expected"),
    [
        ([], ALLOW, FAILED),
        ([NOT_EVALUATED], ALLOW, FAILED),
        ([NOT_EVALUATED, NOT_EVALUATED], ALLOW, FAILED),
        ([PASSED], FAIL, PASSED),
        ([PASSED, WAIVED], FAIL, WAIVED),
        ([PASSED, NOT_EVALUATED], ALLOW, NOT_EVALUATED),
        ([WAIVED, NOT_EVALUATED], ALLOW, NOT_EVALUATED),
        ([PASSED, NOT_EVALUATED], FAIL, FAILED),
        ([PASSED, NOT_EVALUATED, FAILED], ALLOW, FAILED),
    ],
)
def test_the_worst_verdict_decides(
    statuses: list[Status], rule: WhenNotEvaluated, expected: Status
) -> None:
    assert overall([verdict(each) for each in statuses], not_evaluated=rule) is expected


def test_a_required_gate_has_to_have_looked() -> None:
    tests, scan = verdict(PASSED, "tests"), verdict(NOT_EVALUATED, "scan")
    assert overall([tests, scan], not_evaluated=ALLOW, required=["tests"]) is NOT_EVALUATED
    assert overall([tests, scan], not_evaluated=ALLOW, required=["scan"]) is FAILED
    assert overall([tests], not_evaluated=ALLOW, required=["lint"]) is FAILED


def test_severities_are_ordered_and_read_from_any_case() -> None:
    assert Severity.parse(" Moderate") is Severity.MEDIUM
    assert Severity.parse("CRITICAL") > Severity.parse("high") > Severity.parse("LOW")
    assert Severity.parse("bad") is Severity.UNKNOWN
    assert Severity.CRITICAL.word == "critical"


@pytest.mark.parametrize(
    ("score", "severity"),
    [
        (0.0, Severity.LOW),
        (3.9, Severity.LOW),
        (4.0, Severity.MEDIUM),
        (7.0, Severity.HIGH),
        (9.8, Severity.CRITICAL),
    ],
)
def test_scores_have_severities(score: float, severity: Severity) -> None:
    assert Severity.of_score(score) is severity


def test_a_verdict_says_something() -> None:
    with pytest.raises(DataError, match="needs a gate and a summary"):
        Verdict(gate="tests", status=PASSED, summary="")


def test_a_finding_cannot_talk_to_the_terminal() -> None:
    evil = Finding(id="x", severity=Severity.LOW, title="a\x1b[2Jb\nc", where="f", remedy="r")
    assert evil.line() == "low      x a [2Jb c (f): r"
