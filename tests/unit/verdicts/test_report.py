"""Verdicts as JSON, as a table, and as the message of failed gates."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway.errors import DataError
from slipway.oci.digests import Digest
from slipway.verdicts.report import explain, from_json, render_text, to_json
from slipway.verdicts.verdict import Finding, Severity, Status, Verdict, WhenNotEvaluated

FINDINGS = tuple(
    Finding(id=f"CVE-{n}", severity=severity, title="bad", where="pkg 1", remedy="upgrade pkg to 2")
    for n, severity in enumerate((*Severity, Severity.LOW))
)
FAILED = Verdict(
    gate="vulnerabilities",
    status=Status.FAILED,
    summary="6 findings in 40 packages",
    findings=FINDINGS,
    tool="trivy",
    tool_version="0.74.0",
    data_date=dt.date(2026, 11, 23),
    subject="sha256:abc",
    seconds=1.5,
)
NOT_EVALUATED = Verdict(
    gate="osv", status=Status.NOT_EVALUATED, summary="not evaluated: no advisories"
)
PASSED = Verdict(gate="tests", status=Status.PASSED, summary="9 tests passed", tool="pytest")

TEXT = st.text(max_size=12)
VERDICTS = st.builds(
    Verdict,
    gate=st.text(min_size=1, max_size=5),
    status=st.sampled_from(Status),
    summary=st.text(min_size=1, max_size=5),
    findings=st.lists(
        st.builds(
            Finding,
            id=TEXT,
            severity=st.sampled_from(Severity),
            title=TEXT,
            where=TEXT,
            remedy=TEXT,
        ),
        max_size=2,
    ).map(tuple),
    tool=TEXT,
    tool_version=TEXT,
    data_date=st.none() | st.dates(),
    data_digest=st.none() | st.binary(max_size=4).map(Digest.of),
    subject=st.none() | st.text(min_size=1, max_size=5),
    seconds=st.none() | st.floats(allow_nan=False, allow_infinity=False),
)


@given(st.lists(VERDICTS, max_size=3))
def test_json_gives_back_what_went_in(verdicts: list[Verdict]) -> None:
    assert from_json(to_json(verdicts)) == tuple(verdicts)


def test_json_is_stable_and_leaves_out_what_says_nothing() -> None:
    said = json.loads(to_json([PASSED]))
    assert said == [
        {
            "findings": [],
            "gate": "tests",
            "status": "passed",
            "summary": "9 tests passed",
            "tool": "pytest",
        }
    ]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"status": "fine"}, "'fine' is not the status"),
        ({"gate": 3}, "verdicts[0].gate is a whole number, not a string"),
        ({"gate": None}, "verdicts[0].gate is null"),
        ({"extra": 1}, "unknown field verdicts[0].extra"),
        ({"dataDate": "soon"}, "'soon' is not a date"),
        ({"seconds": "1"}, "seconds is a string, not a whole number"),
        ({"findings": {}}, "findings is an object, not a list"),
        ({"findings": [1]}, "findings[0] is a whole number, not an object"),
        ({"findings": [{}]}, "findings[0].severity is missing"),
        ({"findings": [{"severity": "bad"}]}, "'bad' is not a severity"),
    ],
)
def test_json_is_read_strictly(change: dict[str, object], why: str) -> None:
    text = json.dumps([{**json.loads(to_json([FAILED]))[0], **change}])
    with pytest.raises(DataError) as caught:
        from_json(text)
    assert why in str(caught.value)


@given(st.text(max_size=30) | st.text(alphabet='[]{}":,0aN', max_size=20))
def test_any_text_is_verdicts_or_a_data_error(text: str) -> None:
    try:
        verdicts = from_json(text)
    except DataError:
        return
    assert verdicts == ()


def test_the_table_shouts_what_is_no_pass() -> None:
    assert render_text([PASSED, NOT_EVALUATED, FAILED]).splitlines() == [
        "tests            passed         9 tests passed                pytest",
        "osv              NOT EVALUATED  not evaluated: no advisories",
        "vulnerabilities  FAILED         6 findings in 40 packages     "
        "trivy 0.74.0, data of 2026-11-23",
    ]


def test_an_empty_table_says_so() -> None:
    assert render_text([]) == "no gate gave a verdict"


def test_a_failure_is_explained_with_its_worst_findings_first() -> None:
    lines = explain([PASSED, NOT_EVALUATED, FAILED]).splitlines()
    assert lines[:2] == [
        "1 gate did not pass:",
        "- vulnerabilities (trivy 0.74.0, data of 2026-11-23): 6 findings in 40 packages",
    ]
    assert lines[2] == "    critical CVE-4 bad (pkg 1): upgrade pkg to 2"
    assert [line.split()[0] for line in lines[3:7]] == ["high", "unknown", "medium", "low"]
    assert lines[7] == "    … and 1 more"
    assert "gates.ignore" in lines[8]
    assert len(lines) == 9


def test_what_could_not_look_is_explained_where_it_stops_the_run() -> None:
    strict = explain([PASSED, NOT_EVALUATED], not_evaluated=WhenNotEvaluated.FAIL)
    assert strict.splitlines()[:2] == [
        "1 gate did not pass:",
        "- osv: not evaluated: no advisories",
    ]
    assert "gates.not-evaluated" in strict
    assert explain([NOT_EVALUATED]).startswith("1 gate did not pass")
    assert explain([PASSED, NOT_EVALUATED], required=["osv"]) == strict


def test_a_required_gate_that_is_silent_is_told() -> None:
    assert "- lint: no verdict" in explain([PASSED], required=["lint"])


def test_nothing_to_explain_is_the_empty_text_and_nothing_said_is_not() -> None:
    assert explain([PASSED, NOT_EVALUATED]) == ""
    assert "nothing is known to be good" in explain([])
