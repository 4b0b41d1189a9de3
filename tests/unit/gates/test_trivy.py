"""Trivy's reports: findings, what it saw, and its log, which alone tells what it left out.

All assets but vulnerabilities.json (it needs a database that could not be fetched) are recorded.
"""

from __future__ import annotations

import datetime as dt

import pytest
from slipway.gates import trivy
from slipway.verdicts.tool_output import Context, ToolOutput
from slipway.verdicts.verdict import Severity, Status, Waiver

from ...support.recorded import CONTEXT, DAY, LOG, lines, packages, read, settings, text


@pytest.mark.parametrize(
    ("scan", "asset", "status", "summary"),
    [
        ("packages", "vulnerabilities", "failed", "2 findings, 1 below high in 3 packages"),
        ("settings", "config", "failed", "6 findings, 4 below high in 88 checks"),
        ("settings", "config-clean", "passed", "no findings in 51 checks"),
        ("settings", "config-none", "not evaluated", "trivy saw no configuration"),
        ("settings", "secrets", "not evaluated", "trivy saw no configuration"),
        ("secrets", "secrets", "failed", "2 findings in the files"),
        ("secrets", "clean", "passed", "no findings in the files"),
        ("packages", "clean", "not evaluated", "trivy saw no packages"),
    ],
)
def test_recorded_reports(scan: str, asset: str, status: str, summary: str) -> None:
    verdict = read(scan, f"trivy/{asset}.json", 0, LOG)
    assert verdict.status.value == status, verdict.summary
    assert summary in verdict.summary
    assert (verdict.tool, verdict.tool_version, verdict.data_date) == ("trivy", "1", DAY)


@pytest.mark.parametrize(
    ("scan", "asset", "line"),
    [
        (
            "packages",
            "vulnerabilities",
            "high     CVE-2024-6345 pypa/setuptools: Remote code execution via download functions "
            "(setuptools 65.5.1): upgrade setuptools to 70.0.0",
        ),
        (
            "packages",
            "vulnerabilities",
            "low      CVE-2010-4756 no title (libc6 2.36-9+deb12u9): no fixed version yet",
        ),
        (
            "settings",
            "config",
            "high     AWS-0086 No public access block so not blocking public acls (main.tf:1): "
            "Enable blocking any PUT calls with a public ACL specified",
        ),
        (
            "secrets",
            "secrets",
            "critical github-pat GitHub Personal Access Token (settings.py:2): "
            "revoke it, then take it out of the tree and its history",
        ),
    ],
)
def test_findings_say_what_where_and_what_to_do(scan: str, asset: str, line: str) -> None:
    assert line in lines(read(scan, f"trivy/{asset}.json", 0, LOG))


def test_checks_that_passed_are_no_findings() -> None:
    report = text("trivy/config.json").replace('"Status": "FAIL"', '"Status": "PASS"')
    verdict = settings(ToolOutput(exit_code=0, report=report, stderr=LOG), CONTEXT)
    assert (verdict.status, verdict.findings) == (Status.PASSED, ())


def test_the_log_of_a_clean_scan_is_no_error() -> None:
    clean = text("trivy/config-clean.log")
    assert "Falling back to embedded checks" in clean
    assert read("settings", "trivy/config-clean.json", 0, clean).status is Status.PASSED
    clean = text("trivy/clean.log")
    assert read("secrets", "trivy/clean.json", 0, clean).status is Status.PASSED


def test_a_file_that_trivy_could_not_parse_is_no_pass_whatever_the_report_says() -> None:
    report, log = "trivy/config-broken.json", text("trivy/config-broken.log")
    assert '"Successes": 51' in text(report)
    verdict = read("settings", report, 0, log)
    assert verdict.status is Status.NOT_EVALUATED
    assert "Error parsing file" in verdict.summary
    assert "Unclosed configuration block" in verdict.summary


@pytest.mark.parametrize("scan", ["packages", "settings", "secrets"])
def test_without_its_log_trivy_did_not_look(scan: str) -> None:
    verdict = read(scan, "trivy/clean.json", 0)
    assert verdict.status is Status.NOT_EVALUATED
    assert "run it without --quiet" in verdict.summary


def test_a_crash_is_told_with_its_last_words() -> None:
    verdict = read("packages", "trivy/clean.json", 1, f"{LOG}FATAL no database")
    assert verdict.status is Status.NOT_EVALUATED
    assert verdict.summary.endswith("FATAL no database)")


def test_without_the_day_of_its_database_a_scan_means_nothing() -> None:
    output = ToolOutput(exit_code=0, report=text("trivy/vulnerabilities.json"), stderr=LOG)
    verdict = packages(output, Context(gate="g", today=DAY))
    assert verdict.status is Status.NOT_EVALUATED
    assert "no vulnerability database" in verdict.summary


def test_waived_findings_are_said_to_be_waived() -> None:
    found = read("settings", "trivy/config.json", 0, LOG).findings
    waivers = tuple(
        Waiver(id=each.id, reason="public on purpose", expires=dt.date.max) for each in found
    )
    context = Context(gate="g", today=DAY, threshold=Severity.HIGH, waivers=waivers)
    output = ToolOutput(exit_code=0, report=text("trivy/config.json"), stderr=LOG)
    verdict = settings(output, context)
    assert verdict.status is Status.WAIVED
    assert verdict.summary == "6 findings (waived), 4 below high in 88 checks"


def test_the_day_of_the_database_stands_in_the_version() -> None:
    version = '{"Version": "0.74.0", "VulnerabilityDB": {"UpdatedAt": "2026-11-23T18:12:14.5Z"}}'
    assert trivy.data_date(version) == DAY
    assert trivy.data_date('{"Version": "0.74.0"}') is None
    assert trivy.data_date('{"VulnerabilityDB": {"UpdatedAt": "soon"}}') is None
