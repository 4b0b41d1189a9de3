"""Verdicts as SARIF."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway.report.sarif import to_sarif
from slipway.verdicts.verdict import Finding, Severity, Status, Verdict

FINDING = Finding(
    id="B602", severity=Severity.HIGH, title="shell", where="src/ä.py:12", remedy="do not"
)


def run_of(verdict: Verdict) -> dict[str, Any]:
    log = json.loads(to_sarif([verdict]))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def test_a_finding_stands_at_its_line_under_its_rule() -> None:
    found = (FINDING, Finding(id="B101", severity=Severity.LOW, title="assert", where="pip"))
    run = run_of(
        Verdict(gate="sast", status=Status.FAILED, summary="2", findings=found, tool="bandit",
                tool_version="1.8", time=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    )  # fmt: skip
    assert run["tool"]["driver"]["version"] == "1.8"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["B101", "B602"]
    first, second = run["results"]
    assert (first["ruleId"], first["ruleIndex"], first["level"]) == ("B602", 1, "error")
    place = first["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "src/%C3%A4.py"}, "region": {"startLine": 12}}
    assert "locations" not in second
    assert run["invocations"][0] == {
        "executionSuccessful": True,
        "endTimeUtc": "2026-01-01T00:00:00Z",
    }


def test_a_gate_that_could_not_look_is_no_success() -> None:
    run = run_of(Verdict(gate="x", status=Status.NOT_EVALUATED, summary="no data"))
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"] == {"text": "no data"}
    assert run["results"] == []


def test_what_is_waived_is_suppressed() -> None:
    run = run_of(Verdict(gate="x", status=Status.WAIVED, summary="1", findings=(FINDING,)))
    assert run["results"][0]["suppressions"] == [{"kind": "external", "status": "accepted"}]


@pytest.mark.parametrize("where", ["", "jinja2", "/", "…", "a b:c"])
def test_what_is_no_place_is_left_to_the_message(where: str) -> None:
    finding = Finding(id="x", severity=Severity.UNKNOWN, title="t", where=where)
    run = run_of(Verdict(gate="x", status=Status.FAILED, summary="1", findings=(finding,)))
    assert "locations" not in run["results"][0]
    assert run["results"][0]["level"] == "warning"


@given(st.text(), st.text(), st.sampled_from(Severity))
def test_any_text_gives_json_that_is_the_same_twice(
    where: str, title: str, severity: Severity
) -> None:
    finding = Finding(id="x", severity=severity, title=title, where=where)
    verdict = Verdict(gate="g", status=Status.FAILED, summary="s", findings=(finding,))
    assert run_of(verdict) == run_of(verdict)
