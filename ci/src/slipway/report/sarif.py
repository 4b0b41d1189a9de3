"""Verdicts as SARIF 2.1.0 (OASIS), what code hosts show beside the lines that they are about.

One run a gate: its tool, a rule for each kind of finding, a result for each finding. A gate that could not look is an
invocation that was not successful (section 3.20.14): a viewer must not take its silence for a clean bill.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from ..formats.fields import pretty
from ..formats.times import written
from ..verdicts.verdict import Finding, Severity, Status, Verdict

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_PLACE = re.compile(r"(?P<path>[^:\s]+)(?::(?P<line>[1-9][0-9]{0,8}))?(?::[0-9]+)?")
_LEVELS = {
    Severity.UNKNOWN: "warning",
    Severity.LOW: "note",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "error",
}
# Middles of the ranges in which code hosts sort by `security-severity`.
_SCORES = {
    Severity.UNKNOWN: "5.0",
    Severity.LOW: "2.0",
    Severity.MEDIUM: "5.5",
    Severity.HIGH: "8.0",
    Severity.CRITICAL: "9.5",
}


def to_sarif(verdicts: Sequence[Verdict]) -> str:
    """A SARIF log of all verdicts, in their order."""
    return pretty(
        {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(verdict) for verdict in verdicts]}
    )


def _run(verdict: Verdict) -> dict[str, object]:
    rules = sorted({finding.id for finding in verdict.findings})
    driver: dict[str, object] = {
        "name": verdict.tool or "slipway",
        "rules": [_rule(name, verdict.findings) for name in rules],
    }
    if verdict.tool_version:
        driver["version"] = verdict.tool_version
    waived = verdict.status is Status.WAIVED
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"slipway/{verdict.gate}/"},
        "invocations": [_invocation(verdict)],
        "results": [_result(each, rules.index(each.id), waived) for each in verdict.findings],
        "properties": {"status": verdict.status.value, "summary": verdict.summary},
    }


def _invocation(verdict: Verdict) -> dict[str, object]:
    looked = verdict.status is not Status.NOT_EVALUATED
    said: dict[str, object] = {"executionSuccessful": looked}
    if verdict.time:
        said["endTimeUtc"] = written(verdict.time)
    if not looked:
        message = {"text": verdict.summary}
        said["toolExecutionNotifications"] = [{"level": "error", "message": message}]
    return said


def _rule(name: str, findings: Sequence[Finding]) -> dict[str, object]:
    first = next(finding for finding in findings if finding.id == name)
    return {
        "id": name,
        "shortDescription": {"text": first.title or name},
        "help": {"text": first.remedy or first.title or name},
        "properties": {"security-severity": _SCORES[first.severity]},
    }


def _result(finding: Finding, rule: int, waived: bool) -> dict[str, object]:
    said: dict[str, object] = {
        "ruleId": finding.id,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.line()},
    }
    place = _location(finding.where)
    if place:
        said["locations"] = [{"physicalLocation": place}]
    if waived:
        said["suppressions"] = [{"kind": "external", "status": "accepted"}]
    return said


def _location(where: str) -> dict[str, object]:
    """`path:line` as a location; what is none, such as the name of a package, is left to the message."""
    found = _PLACE.fullmatch(where)
    if found is None or not ("/" in where or "." in where):
        return {}
    uri = quote(found["path"].lstrip("/"), safe="/")
    if not uri:
        return {}
    place: dict[str, object] = {"artifactLocation": {"uri": uri}}
    if found["line"]:
        place["region"] = {"startLine": int(found["line"])}
    return place
