"""Verdicts as JSON for scripts, as a table for a terminal, and as the message of a failed gate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from ..errors import DataError
from ..formats.fields import Fields, load, pretty
from ..formats.times import moment, written
from ..formats.writable import plain
from ..oci.digests import Digest
from .verdict import Finding, Severity, Status, Verdict, WhenNotEvaluated

_WIDTH = 72
_SHOWN = 5
_WORDS = {
    Status.PASSED: "passed",
    Status.FAILED: "FAILED",
    Status.WAIVED: "waived",
    Status.NOT_EVALUATED: "NOT EVALUATED",
}
_FIX = (
    "Fix what was found, or waive a finding under gates.ignore in slipway.yaml "
    "with a reason and a day on which the waiver ends."
)
_SEE = "Give the gate what it needs, or set gates.not-evaluated to allow in slipway.yaml."


def to_json(verdicts: Iterable[Verdict]) -> str:
    """The verdicts as a JSON list in the order given, keys sorted."""
    return pretty([to_dict(verdict) for verdict in verdicts])


def from_json(text: str, *, where: str = "verdicts") -> tuple[Verdict, ...]:
    """Read what `to_json` wrote; a `DataError` for anything else."""
    listed = Fields(values={"verdicts": load(text, where=where)}, path="", where=where)
    return tuple(from_fields(item) for item in listed.items("verdicts"))


def to_dict(verdict: Verdict) -> dict[str, object]:
    """One verdict as JSON values. Empty fields are left out."""
    record: dict[str, object] = {
        "gate": verdict.gate,
        "status": verdict.status.value,
        "summary": verdict.summary,
        "findings": [_finding_dict(finding) for finding in verdict.findings],
        "tool": verdict.tool,
        "toolVersion": verdict.tool_version,
        "dataDate": verdict.data_date.isoformat() if verdict.data_date else None,
        "dataDigest": str(verdict.data_digest) if verdict.data_digest else None,
        "subject": verdict.subject,
        "seconds": verdict.seconds,
        "time": written(verdict.time) if verdict.time else None,
    }
    return {name: value for name, value in record.items() if value is not None and value != ""}


def from_fields(fields: Fields) -> Verdict:
    """Read one verdict from JSON; an unknown field or status is a `DataError`."""
    known = "gate status summary findings tool toolVersion dataDate dataDigest subject seconds time"
    fields.only(known.split())
    digest = fields.optional_text("dataDigest")
    return Verdict(
        gate=fields.text("gate"),
        status=_status(fields),
        summary=fields.text("summary"),
        findings=tuple(_finding(item) for item in fields.items("findings")),
        tool=fields.optional_text("tool") or "",
        tool_version=fields.optional_text("toolVersion") or "",
        data_date=_day(fields, "dataDate"),
        data_digest=Digest.parse(digest) if digest else None,
        subject=fields.optional_text("subject"),
        seconds=fields.optional_number("seconds"),
        time=_moment(fields),
    )


def _finding_dict(finding: Finding) -> dict[str, str]:
    return {
        "id": finding.id,
        "severity": finding.severity.word,
        "title": finding.title,
        "where": finding.where,
        "remedy": finding.remedy,
    }


def _finding(fields: Fields) -> Finding:
    fields.only(("id", "severity", "title", "where", "remedy"))
    severity = fields.text("severity")
    if severity not in {known.word for known in Severity}:
        raise DataError(f"{severity!r} is not a severity", where=fields.where)
    return Finding(
        id=fields.text("id"),
        severity=Severity.parse(severity),
        title=fields.text("title"),
        where=fields.text("where"),
        remedy=fields.text("remedy"),
    )


def _status(fields: Fields) -> Status:
    text = fields.text("status")
    try:
        return Status(text)
    except ValueError:
        raise DataError(f"{text!r} is not the status of a gate", where=fields.where) from None


def _day(fields: Fields, name: str) -> dt.date | None:
    text = fields.optional_text(name)
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError:
        raise DataError(f"{name} {text!r} is not a date", where=fields.where) from None


def _moment(fields: Fields) -> dt.datetime | None:
    text = fields.optional_text("time")
    return None if text is None else moment(text, where=fields.where)


def render_text(verdicts: Sequence[Verdict]) -> str:
    """A table without colours: gate, status, summary, and the tool with the date of its data."""
    rows = [
        (
            plain(verdict.gate),
            _WORDS[verdict.status],
            _cut(plain(verdict.summary)),
            plain(_source(verdict)),
        )
        for verdict in verdicts
    ]
    if not rows:
        return "no gate gave a verdict"
    widths = [max(len(row[n]) for row in rows) for n in range(3)]
    return "\n".join(
        "  ".join([*(row[n].ljust(widths[n]) for n in range(3)), row[3]]).rstrip() for row in rows
    )


def _cut(text: str) -> str:
    """A summary short enough for the table; the JSON has all of it."""
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def explain(
    verdicts: Sequence[Verdict],
    *,
    not_evaluated: WhenNotEvaluated = WhenNotEvaluated.ALLOW,
    required: Collection[str] = (),
) -> str:
    """All gates that stop the run, in one message: what was checked, what was found, what to do.

    A gate that was not evaluated is listed if it stops the run, by `not_evaluated` or because it is
    `required`; so is a required gate without a verdict. Empty if nothing stops the run.
    """
    strict = not_evaluated is WhenNotEvaluated.FAIL
    unevaluated = [each for each in verdicts if each.status is Status.NOT_EVALUATED]
    nothing_evaluated = len(unevaluated) == len(verdicts)
    stopping = [
        each
        for each in verdicts
        if each.status is Status.FAILED
        or (each in unevaluated and (strict or each.gate in required or nothing_evaluated))
    ]
    missing = sorted(set(required) - {each.gate for each in verdicts})
    listed = [*map(_explained, stopping), *(f"- {gate}: no verdict" for gate in missing)]
    if not listed:
        return "" if verdicts else "No gate gave a verdict, so nothing is known to be good."
    count = "1 gate" if len(listed) == 1 else f"{len(listed)} gates"
    return "\n".join([f"{count} did not pass:", *listed, *_hints(stopping)])


def _hints(stopping: Sequence[Verdict]) -> list[str]:
    """What to do: each hint a single time, not per gate."""
    failed = any(each.status is Status.FAILED and each.findings for each in stopping)
    unevaluated = any(each.status is Status.NOT_EVALUATED for each in stopping)
    return [hint for hint, applies in ((_FIX, failed), (_SEE, unevaluated)) if applies]


def _explained(verdict: Verdict) -> str:
    """One gate: its summary, then its findings, the worst first."""
    source = _source(verdict)
    head = plain(f"- {verdict.gate}{f' ({source})' if source else ''}: {verdict.summary}")
    worst = sorted(verdict.findings, key=lambda finding: -_weight(finding.severity))
    lines = [f"    {finding.line()}" for finding in worst[:_SHOWN]]
    if len(worst) > _SHOWN:
        lines.append(f"    … and {len(worst) - _SHOWN} more")
    return "\n".join([head, *lines])


def _weight(severity: Severity) -> float:
    """The rank of a severity: an unknown one counts, so it ranks between high and medium."""
    return Severity.HIGH - 0.5 if severity is Severity.UNKNOWN else severity


def _source(verdict: Verdict) -> str:
    """`trivy 0.74.0, data of 2026-11-23`."""
    tool = f"{verdict.tool} {verdict.tool_version}".strip()
    data = f"data of {verdict.data_date.isoformat()}" if verdict.data_date else ""
    return ", ".join(part for part in (tool, data) if part)
