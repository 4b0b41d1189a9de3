"""Reports of bandit, ruff, mypy, pytest and a service's own validation, as these tools really
wrote them.
"""

from __future__ import annotations

import pytest
from slipway.gates import bandit
from slipway.gates import data as validation
from slipway.verdicts.tool_output import ToolOutput
from slipway.verdicts.verdict import Status

from ...support.recorded import CONTEXT, lines, read, text


@pytest.mark.parametrize(
    ("tool", "asset", "exit_code", "stderr", "status", "summary"),
    [
        ("bandit", "bad.json", 1, "", "failed", "1 finding, 2 below high in 8 lines"),
        ("bandit", "good.json", 0, "", "passed", "no findings in 4 lines"),
        ("bandit", "good.json", 1, "", "not evaluated", "the report does not"),
        ("bandit", "broken.json", 0, "", "not evaluated", "it skipped 1 file (broken/app.py: syn"),
        ("bandit", "empty.json", 0, "", "not evaluated", "No such file or directory"),
        ("bandit", "good.json", 2, "usage", "not evaluated", "code 2 (usage)"),
        ("ruff", "bad.json", 1, "", "failed", "2 findings in the Python files"),
        ("ruff", "broken.json", 1, "", "failed", "2 findings"),
        ("ruff", "good.json", 0, "", "passed", "no findings"),
        ("ruff", "none.json", 0, "warning: No Python files found under", "not evaluated", "it saw"),
        ("ruff", "bad.json", 0, "", "not evaluated", "disagree"),
        ("ruff", "good.json", 2, "Unknown rule", "not evaluated", "code 2 (Unknown rule)"),
        ("mypy", "good.txt", 0, "", "passed", "no errors in 1 file"),
        ("mypy", "bad.txt", 1, "", "failed", "1 error, checked 1 source file"),
        ("mypy", "broken.txt", 2, "", "failed", "errors prevented further checking"),
        ("mypy", "good.txt", 1, "", "not evaluated", "not that of a whole run"),
        ("mypy", "bad.txt", 0, "", "not evaluated", "not that of a whole run"),
        ("pytest", "good.xml", 0, "", "passed", "1 test passed"),
        ("pytest", "bad.xml", 1, "", "failed", "2 of 4 tests failed"),
        ("pytest", "bad.xml", 0, "", "failed", "2 of 4 tests failed"),
        ("pytest", "good.xml", 1, "", "failed", "some of 1 test failed"),
        ("pytest", "good.xml", 3, "boom", "not evaluated", "code 3 (boom)"),
        ("pytest", "broken.xml", 2, "", "failed", "1 of 1 test failed"),
        ("pytest", "none.xml", 5, "", "not evaluated", "code 5"),
        ("pytest", "none.xml", 0, "", "not evaluated", "no test ran (0 skipped)"),
        ("pytest", "empty.xml", 0, "", "not evaluated", "no test ran (1 skipped)"),
    ],
)
def test_recorded_reports(
    tool: str, asset: str, exit_code: int, stderr: str, status: str, summary: str
) -> None:
    verdict = read(tool, f"{tool}/{asset}", exit_code, stderr)
    assert verdict.status.value == status, verdict.summary
    assert summary in verdict.summary
    assert verdict.tool == tool
    assert bool(verdict.findings) <= (status == "failed")


@pytest.mark.parametrize(
    ("tool", "asset", "exit_code", "line"),
    [
        ("bandit", "bad.json", 1, "high     B602 subprocess call with shell=True identified"),
        ("ruff", "bad.json", 1, "medium   F401 `sys` imported but unused (/src/bad/app.py:1:8)"),
        ("mypy", "broken.txt", 2, "medium   syntax Unexpected EOF while parsing (broken/app.py:2)"),
        ("pytest", "bad.xml", 1, "high     test_app::test_bad AssertionError: sums are off"),
        ("pytest", "bad.xml", 1, 'high     test_app::test_error failed on setup with "OSError'),
    ],
)
def test_findings_say_what_and_where(tool: str, asset: str, exit_code: int, line: str) -> None:
    found = lines(read(tool, f"{tool}/{asset}", exit_code))
    assert any(each.startswith(line) for each in found), found


def test_a_finding_of_bandit_has_its_place_and_a_page_to_read() -> None:
    worst = max(read("bandit", "bandit/bad.json", 1).findings, key=lambda each: each.severity)
    assert (worst.id, worst.where) == ("B602", "./bad/app.py:8")
    assert worst.remedy.startswith("see https://bandit.readthedocs.io/")


def test_code_without_a_line_was_not_looked_at() -> None:
    report = text("bandit/good.json").replace('"loc": 4', '"loc": 0')
    verdict = bandit.read(ToolOutput(exit_code=0, report=report), CONTEXT)
    assert verdict.status is Status.NOT_EVALUATED
    assert "no lines of code" in verdict.summary


def test_tests_that_failed_have_failed_even_without_a_report() -> None:
    assert read("pytest", "mypy/good.txt", 1).status is Status.FAILED
    assert read("pytest", "mypy/good.txt", 0).status is Status.NOT_EVALUATED


@pytest.mark.parametrize(
    ("exit_code", "stderr", "status", "summary", "findings"),
    [
        (0, "", Status.PASSED, "as its schema says", 0),
        (3, "row 2, column a\n\nrow 3, column b\n", Status.FAILED, "2 problems in the data", 2),
        (3, "", Status.FAILED, "the data is bad", 0),
        (3, "bad\n" * 5000, Status.FAILED, "5000 problems", 100),
        (1, "Traceback\nKeyError: 'a'", Status.NOT_EVALUATED, "code 1 (Traceback / KeyErr", 0),
    ],
)
def test_validation_of_data(
    exit_code: int, stderr: str, status: Status, summary: str, findings: int
) -> None:
    told = validation.read(ToolOutput(exit_code=exit_code, report="", stderr=stderr), CONTEXT)
    assert (told.status, len(told.findings)) == (status, findings)
    assert summary in told.summary
