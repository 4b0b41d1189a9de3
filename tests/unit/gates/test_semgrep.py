"""The reader of semgrep's reports, and our rules, by reports that semgrep really wrote (tests/assets/semgrep)."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from slipway.gates import semgrep
from slipway.verdicts.tool_output import ToolOutput
from slipway.verdicts.verdict import Severity, Status, Verdict

from ...support.recorded import CONTEXT, read, text
from . import semgrep_cases


def changed(asset: str, exit_code: int, **values: object) -> Verdict:
    """The verdict on a recorded report with other values at its top."""
    report = json.dumps({**json.loads(text(f"semgrep/{asset}")), **values})
    return semgrep.read(ToolOutput(exit_code=exit_code, report=report), CONTEXT)


@pytest.mark.parametrize(
    ("asset", "exit_code", "status", "summary"),
    [
        ("good.json", 0, "passed", "no findings in 1 file"),
        ("bad.json", 1, "failed", "41 findings, 20 below high in 1 file"),
        ("bad.json", 0, "not evaluated", "its exit code and its report disagree"),
        ("good.json", 1, "not evaluated", "its exit code and its report disagree"),
        ("good.json", 2, "not evaluated", "it ended with code 2"),
        ("bad.json", 7, "not evaluated", "it ended with code 7"),
        ("empty.json", 0, "not evaluated", "it saw no Python files"),
        ("broken.json", 0, "not evaluated", "Syntax error at line src/app.py:5"),
        ("large.json", 0, "not evaluated", "src/large.py: too_big"),
    ],
)
def test_recorded_reports(asset: str, exit_code: int, status: str, summary: str) -> None:
    verdict = read("semgrep", f"semgrep/{asset}", exit_code)
    assert verdict.status.value == status, verdict.summary
    assert summary in verdict.summary
    assert (verdict.tool, bool(verdict.findings)) == ("semgrep", status == "failed")


def test_the_version_is_that_of_the_report() -> None:
    lock = (semgrep.RULES.parents[1] / "locks" / "semgrep.lock").read_text("utf-8")
    version = read("semgrep", "semgrep/good.json", 0).tool_version
    assert f"semgrep=={version} " in lock
    assert read("semgrep", "semgrep/empty.json", 0).tool_version == version


def test_a_finding_says_what_where_and_what_to_do() -> None:
    found = read("semgrep", "semgrep/bad.json", 1).findings[0]
    first = semgrep_cases.bad_places()[0][0]
    assert (found.id, found.severity) == ("slipway-ml-unpickle", Severity.HIGH)
    assert found.where == f"src/app.py:{first}"
    assert found.title.startswith("unpickling runs any code")
    assert "safetensors" in found.remedy


def test_a_rule_that_was_skipped_has_not_looked() -> None:
    skipped = [{"rule_id": "slipway-ml-unpickle", "details": "x"}]
    verdict = changed("good.json", 0, skipped_rules=skipped)
    assert verdict.status is Status.NOT_EVALUATED
    assert "rule slipway-ml-unpickle was skipped" in verdict.summary


def test_findings_beside_a_file_that_was_skipped_are_no_answer() -> None:
    paths = {"scanned": ["src/app.py"], "skipped": [{"path": "src/a.py", "reason": "too_big"}]}
    verdict = changed("bad.json", 1, paths=paths)
    assert (verdict.status, verdict.findings) == (Status.NOT_EVALUATED, ())


def test_a_report_without_its_list_of_skipped_files_is_none() -> None:
    verdict = changed("good.json", 0, paths={"scanned": ["src/app.py"]})
    assert verdict.status is Status.NOT_EVALUATED
    assert "paths.skipped is missing" in verdict.summary


def test_each_rule_finds_what_it_is_for_and_nothing_else() -> None:
    found = read("semgrep", "semgrep/bad.json", 1).findings
    places = [(int(each.where.rpartition(":")[2]), each.id) for each in found]
    assert sorted(places) == semgrep_cases.bad_places()


def test_the_rules_are_whole() -> None:
    rules = yaml.safe_load(semgrep.RULES.read_text("utf-8"))["rules"]
    assert [rule["id"] for rule in rules] == list(semgrep_cases.BAD)
    for rule in rules:
        assert rule["languages"] == ["python"]
        assert rule["severity"] in ("ERROR", "WARNING")
        assert re.fullmatch(r"CWE-\d+", rule["metadata"]["cwe"])
        assert rule["message"]
        assert rule["metadata"]["remedy"]
