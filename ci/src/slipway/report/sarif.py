"""Verdicts as SARIF 2.1.0 (OASIS), which code hosts show next to the lines concerned.

One run per gate: its tool, a rule for each kind of finding, a result for each finding. A gate that was not evaluated
is an invocation that was not successful (section 3.20.14): a viewer must not show its empty run as a clean result.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from ..formats.fields import pretty
from ..formats.times import written
from ..formats.writable import writable, writable_json
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
# The middle of each range by which code hosts rank `security-severity`.
_SCORES = {
    Severity.UNKNOWN: "5.0",
    Severity.LOW: "2.0",
    Severity.MEDIUM: "5.5",
    Severity.HIGH: "8.0",
    Severity.CRITICAL: "9.5",
}


def to_sarif(verdicts: Sequence[Verdict]) -> str:
    """A SARIF log of all verdicts, in their order; valid UTF-8 whatever a tool reported."""
    runs = [_run(verdict) for verdict in verdicts]
    return pretty(writable_json({"$schema": _SCHEMA, "version": "2.1.0", "runs": runs}))


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
    evaluated = verdict.status is not Status.NOT_EVALUATED
    invocation: dict[str, object] = {"executionSuccessful": evaluated}
    if verdict.time:
        invocation["endTimeUtc"] = written(verdict.time)
    if not evaluated:
        message = {"text": verdict.summary}
        invocation["toolExecutionNotifications"] = [{"level": "error", "message": message}]
    return invocation


def _rule(name: str, findings: Sequence[Finding]) -> dict[str, object]:
    first = next(finding for finding in findings if finding.id == name)
    return {
        "id": name,
        "shortDescription": {"text": first.title or name},
        "help": {"text": first.remedy or first.title or name},
        "properties": {"security-severity": _SCORES[first.severity]},
    }


def _result(finding: Finding, rule: int, waived: bool) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": finding.id,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.line()},
    }
    place = _location(finding.where)
    if place:
        result["locations"] = [{"physicalLocation": place}]
    if waived:
        result["suppressions"] = [{"kind": "external", "status": "accepted"}]
    return result


def _location(where: str) -> dict[str, object]:
    """`path:line` as a location. Anything else, such as the name of a package, stands in the message only."""
    match = _PLACE.fullmatch(where)
    if match is None or not ("/" in where or "." in where):
        return {}
    uri = quote(writable(match["path"]).lstrip("/"), safe="/")
    if not uri:
        return {}
    place: dict[str, object] = {"artifactLocation": {"uri": uri}}
    if match["line"]:
        place["region"] = {"startLine": int(match["line"])}
    return place
