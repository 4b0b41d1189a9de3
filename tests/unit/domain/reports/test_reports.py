"""Reports of tools, as recorded in tests/assets, read into verdicts; and every way in which a tool
can fail to look.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway.domain.reports import bandit, mypy, osv, pytest_junit, ruff, trivy, validation
from slipway.domain.reports.common import Context, ToolOutput
from slipway.domain.verdicts import Severity, Status, Verdict, Waiver

ASSETS = Path(__file__).parents[3] / "assets"
DAY = dt.date(2026, 11, 23)
CONTEXT = Context(
    gate="g", today=dt.date(2026, 11, 24), threshold=Severity.HIGH, tool_version="1", data_date=DAY
)
Reader = Callable[[ToolOutput, Context], Verdict]


def packages(output: ToolOutput, context: Context) -> Verdict:
    return trivy.read(output, context, scan=trivy.Scan.VULNERABILITIES)


def settings(output: ToolOutput, context: Context) -> Verdict:
    return trivy.read(output, context, scan=trivy.Scan.MISCONFIGURATIONS)


def secrets(output: ToolOutput, context: Context) -> Verdict:
    return trivy.read(output, context, scan=trivy.Scan.SECRETS)


READERS: dict[str, Reader] = {
    "packages": packages,
    "settings": settings,
    "secrets": secrets,
    "osv": osv.read,
    "bandit": bandit.read,
    "ruff": ruff.read,
    "mypy": mypy.read,
    "pytest": pytest_junit.read,
}
SCANNED = "Scanned /src/requirements.lock file and found 12 packages\n"


def output(asset: str, exit_code: int, stderr: str = "") -> ToolOutput:
    return ToolOutput(
        exit_code=exit_code, report=(ASSETS / asset).read_text("utf-8"), stderr=stderr
    )


@pytest.mark.parametrize(
    ("reader", "asset", "exit_code", "stderr", "status", "summary"),
    [
        (
            packages,
            "trivy/vulnerabilities.json",
            0,
            "",
            "failed",
            "2 findings, 1 below high in 3 packages",
        ),
        (settings, "trivy/config.json", 0, "", "failed", "1 finding in 6 checks"),
        (secrets, "trivy/secrets.json", 0, "", "failed", "1 finding in the files"),
        (secrets, "trivy/clean.json", 0, "", "passed", "no findings in the files"),
        (settings, "trivy/secrets.json", 0, "", "not evaluated", "trivy saw no configuration"),
        (packages, "trivy/clean.json", 0, "", "not evaluated", "trivy saw no packages"),
        (
            packages,
            "trivy/clean.json",
            1,
            "a\nFATAL no database",
            "not evaluated",
            "code 1 (a / FATAL no database)",
        ),
        (
            packages,
            "trivy/vulnerabilities.json",
            0,
            "failed to download vulnerability DB",
            "not evaluated",
            "no vulnerability database",
        ),
        (
            osv.read,
            "osv-scanner/bad.json",
            1,
            SCANNED,
            "failed",
            "2 findings, 1 below high in 12 packages",
        ),
        (osv.read, "osv-scanner/bad.json", 1, "", "failed", "in 3 packages"),
        (osv.read, "osv-scanner/clean.json", 0, SCANNED, "passed", "no findings in 12 packages"),
        (osv.read, "osv-scanner/clean.json", 0, "", "not evaluated", "it saw no packages"),
        (osv.read, "osv-scanner/clean.json", 1, SCANNED, "not evaluated", "the report does not"),
        (osv.read, "osv-scanner/clean.json", 128, "", "not evaluated", "code 128"),
        (
            osv.read,
            "osv-scanner/clean.json",
            0,
            SCANNED + "could not load db for PyPI",
            "not evaluated",
            "no advisories",
        ),
        (bandit.read, "bandit/bad.json", 1, "", "failed", "1 finding, 2 below high in 8 lines"),
        (bandit.read, "bandit/good.json", 0, "", "passed", "no findings in 4 lines"),
        (bandit.read, "bandit/good.json", 1, "", "not evaluated", "the report does not"),
        (bandit.read, "bandit/broken.json", 0, "", "not evaluated", "it skipped 1 file"),
        (bandit.read, "bandit/empty.json", 0, "", "not evaluated", ""),
        (bandit.read, "bandit/good.json", 2, "", "not evaluated", "code 2"),
        (ruff.read, "ruff/bad.json", 1, "", "failed", "2 findings in the Python files"),
        (ruff.read, "ruff/broken.json", 1, "", "failed", "2 findings"),
        (ruff.read, "ruff/good.json", 0, "", "passed", "no findings"),
        (
            ruff.read,
            "ruff/none.json",
            0,
            "warning: No Python files found",
            "not evaluated",
            "no Python files",
        ),
        (ruff.read, "ruff/bad.json", 0, "", "not evaluated", "disagree"),
        (ruff.read, "ruff/good.json", 2, "Unknown rule", "not evaluated", "code 2 (Unknown rule)"),
        (mypy.read, "mypy/good.txt", 0, "", "passed", "no errors in 1 file"),
        (mypy.read, "mypy/bad.txt", 1, "", "failed", "1 error, checked 1 source file"),
        (mypy.read, "mypy/broken.txt", 2, "", "failed", "errors prevented further checking"),
        (mypy.read, "mypy/good.txt", 1, "", "not evaluated", "not that of a whole run"),
        (mypy.read, "mypy/bad.txt", 0, "", "not evaluated", "not that of a whole run"),
        (pytest_junit.read, "pytest/good.xml", 0, "", "passed", "1 test passed"),
        (pytest_junit.read, "pytest/bad.xml", 1, "", "failed", "2 of 4 tests failed"),
        (pytest_junit.read, "pytest/bad.xml", 0, "", "failed", "2 of 4 tests failed"),
        (pytest_junit.read, "pytest/good.xml", 1, "", "failed", "some of 1 test failed"),
        (pytest_junit.read, "pytest/good.xml", 3, "", "not evaluated", "code 3"),
        (pytest_junit.read, "pytest/broken.xml", 2, "", "failed", "1 of 1 test failed"),
        (pytest_junit.read, "pytest/none.xml", 5, "", "not evaluated", "code 5"),
        (pytest_junit.read, "pytest/none.xml", 0, "", "not evaluated", "no test ran (0 skipped)"),
        (pytest_junit.read, "pytest/empty.xml", 0, "", "not evaluated", "no test ran (1 skipped)"),
        (
            pytest_junit.read,
            "mypy/good.txt",
            1,
            "",
            "failed",
            "tests failed; the report: it is not XML",
        ),
        (pytest_junit.read, "mypy/good.txt", 0, "", "not evaluated", "it is not XML"),
    ],
)
def test_recorded_reports(
    reader: Reader, asset: str, exit_code: int, stderr: str, status: str, summary: str
) -> None:
    verdict = reader(output(asset, exit_code, stderr), CONTEXT)
    assert verdict.status.value == status, verdict.summary
    assert summary in verdict.summary
    assert (verdict.gate, verdict.tool_version, verdict.data_date) == ("g", "1", DAY)
    assert bool(verdict.findings) <= (status == "failed")


@pytest.mark.parametrize(
    ("reader", "asset", "exit_code", "line"),
    [
        (
            packages,
            "trivy/vulnerabilities.json",
            0,
            "high     CVE-2024-6345 pypa/setuptools: Remote code execution via download functions "
            "(setuptools 65.5.1): upgrade setuptools to 70.0.0",
        ),
        (
            packages,
            "trivy/vulnerabilities.json",
            0,
            "low      CVE-2010-4756 no title (libc6 2.36-9+deb12u9): no fixed version yet",
        ),
        (
            settings,
            "trivy/config.json",
            0,
            "high     AVD-AWS-0086 No public access block so not blocking public acls (main.tf:5): "
            "Enable blocking any PUT calls with a public ACL specified",
        ),
        (
            secrets,
            "trivy/secrets.json",
            0,
            "critical aws-access-key-id AWS Access Key ID (settings.py:3): "
            "revoke it, then take it out of the tree and its history",
        ),
        (
            osv.read,
            "osv-scanner/bad.json",
            1,
            "medium   CVE-2024-22195 Jinja vulnerable to HTML attribute injection (jinja2 3.1.2): "
            "upgrade jinja2 to 3.1.3",
        ),
        (
            osv.read,
            "osv-scanner/bad.json",
            1,
            "unknown  PYSEC-2020-7 PYSEC-2020-7 (old 1): no fixed version is known",
        ),
        (
            osv.read,
            "osv-scanner/bad.json",
            1,
            "high     GHSA-1 GHSA-1 (word 2): no fixed version is known",
        ),
        (
            ruff.read,
            "ruff/bad.json",
            1,
            "medium   F401 `sys` imported but unused (/src/bad/app.py:1:8)",
        ),
        (
            mypy.read,
            "mypy/broken.txt",
            2,
            "medium   syntax Unexpected EOF while parsing (broken/app.py:2)",
        ),
        (
            pytest_junit.read,
            "pytest/bad.xml",
            1,
            "high     test_app::test_bad AssertionError: sums are off",
        ),
    ],
)
def test_findings_say_what_where_and_what_to_do(
    reader: Reader, asset: str, exit_code: int, line: str
) -> None:
    lines = [each.line() for each in reader(output(asset, exit_code), CONTEXT).findings]
    assert any(each.startswith(line) for each in lines), lines


def test_a_finding_of_bandit_has_its_place_and_a_page_to_read() -> None:
    (worst, *_) = sorted(
        bandit.read(output("bandit/bad.json", 1), CONTEXT).findings, key=lambda each: -each.severity
    )
    assert (worst.id, worst.where) == ("B602", "./bad/app.py:8")
    assert worst.remedy.startswith("see https://bandit.readthedocs.io/")


@pytest.mark.parametrize("reader", [packages, osv.read])
def test_without_the_day_of_its_data_a_scan_means_nothing(reader: Reader) -> None:
    blind = Context(gate="g", today=DAY)
    told = reader(output("osv-scanner/clean.json", 0, SCANNED), blind)
    assert told.status is Status.NOT_EVALUATED


def test_a_waived_finding_is_said_to_be_waived() -> None:
    waiver = Waiver(id="AVD-AWS-0086", reason="public on purpose", expires=dt.date.max)
    context = Context(gate="g", today=DAY, threshold=Severity.HIGH, waivers=(waiver,))
    verdict = settings(output("trivy/config.json", 0), context)
    assert verdict.status is Status.WAIVED
    assert verdict.summary == "1 finding (waived) in 6 checks"


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("exit_code", [0, 1, 2, 127, -9])
@pytest.mark.parametrize(
    "report", ["", "null", "[", "{}", "<x/>", '{"SchemaVersion": 3}', "<!DOCTYPE x><x/>"]
)
def test_a_report_that_is_none_never_passes(name: str, exit_code: int, report: str) -> None:
    told = READERS[name](ToolOutput(exit_code=exit_code, report=report, stderr=SCANNED), CONTEXT)
    assert told.status in (Status.NOT_EVALUATED, Status.FAILED)
    assert told.status is Status.NOT_EVALUATED or name == "pytest"


@pytest.mark.parametrize(
    ("name", "asset"),
    [
        ("packages", "trivy/vulnerabilities.json"),
        ("settings", "trivy/config.json"),
        ("secrets", "trivy/secrets.json"),
        ("osv", "osv-scanner/bad.json"),
        ("bandit", "bandit/good.json"),
        ("ruff", "ruff/bad.json"),
        ("mypy", "mypy/good.txt"),
        ("pytest", "pytest/good.xml"),
    ],
)
@given(share=st.floats(0, 0.95), exit_code=st.sampled_from([0, 1]))
def test_a_report_that_is_cut_off_never_passes(
    name: str, asset: str, share: float, exit_code: int
) -> None:
    whole = (ASSETS / asset).read_text("utf-8")
    cut = ToolOutput(exit_code=exit_code, report=whole[: int(len(whole) * share)], stderr=SCANNED)
    assert READERS[name](cut, CONTEXT).status is not Status.PASSED


@given(
    name=st.sampled_from(sorted(READERS)), report=st.text(max_size=60), code=st.integers(-1, 130)
)
def test_any_text_is_a_verdict_and_no_pass(name: str, report: str, code: int) -> None:
    told = READERS[name](ToolOutput(exit_code=code, report=report, stderr=report), CONTEXT)
    assert told.status is not Status.PASSED


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"max_severity": "5.4"', '"max_severity": "bad"', "is not a score"),
        ('"ids": ["PYSEC-2020-7"], "aliases": ["PYSEC-2020-7"]', '"ids": []', "has no id"),
        (
            '"groups": [{"ids": ["GHSA-1"], "max_severity": ""}]',
            '"groups": []',
            "belong to no group",
        ),
    ],
)
def test_an_advisory_that_makes_no_sense_is_not_skipped(old: str, new: str, why: str) -> None:
    report = (ASSETS / "osv-scanner/bad.json").read_text("utf-8").replace(old, new)
    told = osv.read(ToolOutput(exit_code=1, report=report, stderr=SCANNED), CONTEXT)
    assert told.status is Status.NOT_EVALUATED
    assert why in told.summary


def test_the_day_of_advisories_is_that_of_the_newest() -> None:
    texts = [
        '{"modified": "2024-10-08T00:00:00Z"}',
        '{"modified": "2023-01-01"}',
        "{",
        '{"modified": "x"}',
    ]
    assert osv.newest(iter(texts)) == dt.date(2024, 10, 8)
    assert osv.newest(iter(())) is None


def test_the_day_of_trivys_database_stands_in_its_version() -> None:
    version = '{"Version": "0.74.0", "VulnerabilityDB": {"UpdatedAt": "2026-11-23T18:12:14.5Z"}}'
    assert trivy.data_date(version) == DAY
    assert trivy.data_date('{"Version": "0.74.0"}') is None
    assert trivy.data_date('{"VulnerabilityDB": {"UpdatedAt": "soon"}}') is None


@pytest.mark.parametrize(
    ("exit_code", "stderr", "status", "summary", "findings"),
    [
        (0, "", Status.PASSED, "as its schema says", 0),
        (3, "row 2, column a\n\nrow 3, column b\n", Status.FAILED, "2 problems in the data", 2),
        (3, "", Status.FAILED, "the data is bad", 0),
        (3, "bad\n" * 5000, Status.FAILED, "5000 problems", 100),
        (
            1,
            "Traceback\nKeyError: 'a'",
            Status.NOT_EVALUATED,
            "code 1 (Traceback / KeyError: 'a')",
            0,
        ),
    ],
)
def test_validation_of_data(
    exit_code: int, stderr: str, status: Status, summary: str, findings: int
) -> None:
    told = validation.read(ToolOutput(exit_code=exit_code, report="", stderr=stderr), CONTEXT)
    assert (told.status, len(told.findings)) == (status, findings)
    assert summary in told.summary
