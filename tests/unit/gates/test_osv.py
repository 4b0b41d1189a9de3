"""Reports of osv-scanner: pysec.json and clean.json are recorded, ghsa.json has what only other
data has.
"""

from __future__ import annotations

import datetime as dt

import pytest
from slipway.formats.osv import newest
from slipway.gates import osv
from slipway.verdicts.tool_output import Context, ToolOutput
from slipway.verdicts.verdict import Status

from ...support.recorded import CONTEXT, DAY, SCANNED, lines, read, text


@pytest.mark.parametrize(
    ("asset", "exit_code", "stderr", "status", "summary"),
    [
        ("pysec", 1, SCANNED, "failed", "4 findings, 1 below high in 12 packages"),
        ("ghsa", 1, "", "failed", "2 findings, 1 below high in 3 packages"),
        ("clean", 0, SCANNED, "passed", "no findings in 12 packages"),
        ("clean", 0, "", "not evaluated", "it saw no packages"),
        ("clean", 0, "found 0 packages", "not evaluated", "it saw no packages"),
        ("clean", 1, SCANNED, "not evaluated", "the report does not"),
        ("clean", 127, SCANNED, "not evaluated", "code 127"),
        ("clean", 128, "No package sources found", "not evaluated", "code 128 (No package"),
        ("clean", 0, f"{SCANNED}could not load db for PyPI", "not evaluated", "no advisories"),
    ],
)
def test_recorded_reports(
    asset: str, exit_code: int, stderr: str, status: str, summary: str
) -> None:
    verdict = read("osv", f"osv-scanner/{asset}.json", exit_code, stderr)
    assert verdict.status.value == status, verdict.summary
    assert summary in verdict.summary


@pytest.mark.parametrize(
    ("asset", "line"),
    [
        (
            "pysec",
            "high     CVE-2023-43804 PYSEC-2023-192 (urllib3 1.26.4): "
            "upgrade urllib3 to 2.0.6 or 1.26.17",
        ),
        ("pysec", "unknown  CVE-2020-1747 PYSEC-2020-96 (pyyaml 5.3): upgrade pyyaml to 5.3.1"),
        (
            "ghsa",
            "medium   CVE-2024-22195 Jinja vulnerable to HTML attribute injection (jinja2 3.1.2): "
            "upgrade jinja2 to 3.1.3",
        ),
        ("ghsa", "unknown  PYSEC-2020-7 Only details here. (old 1): no fixed version is known"),
        ("ghsa", "high     GHSA-1 GHSA-1 (word 2): no fixed version is known"),
    ],
)
def test_findings_say_what_where_and_what_to_do(asset: str, line: str) -> None:
    assert line in lines(read("osv", f"osv-scanner/{asset}.json", 1, SCANNED))


def test_advisories_of_nobody_knows_when_mean_nothing() -> None:
    output = ToolOutput(exit_code=0, report=text("osv-scanner/clean.json"), stderr=SCANNED)
    verdict = osv.read(output, Context(gate="g", today=DAY))
    assert verdict.status is Status.NOT_EVALUATED
    assert "of which day" in verdict.summary


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"max_severity": "5.4"', '"max_severity": "bad"', "is not a score"),
        ('"ids": ["PYSEC-2020-7"], "aliases": ["PYSEC-2020-7"]', '"ids": []', "has no id"),
        ('"groups": [{"ids": ["GHSA-1"], "max_severity": ""}]', '"groups": []', "to no group"),
    ],
)
def test_an_advisory_that_makes_no_sense_is_not_skipped(old: str, new: str, why: str) -> None:
    report = text("osv-scanner/ghsa.json")
    assert old in report
    output = ToolOutput(exit_code=1, report=report.replace(old, new), stderr=SCANNED)
    verdict = osv.read(output, CONTEXT)
    assert verdict.status is Status.NOT_EVALUATED
    assert why in verdict.summary


def test_the_day_of_advisories_is_that_of_the_newest() -> None:
    days = ['{"modified": "2024-10-08T00:00:00Z"}', '{"modified": "2023-01-01"}']
    assert newest(iter([*days, "{", '{"modified": "x"}'])) == dt.date(2024, 10, 8)
    assert newest(iter(())) is None
