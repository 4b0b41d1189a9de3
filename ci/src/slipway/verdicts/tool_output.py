"""What all readers of reports share: what a tool said, what was asked of it, and the verdict made
of both.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from ..formats.writable import plain
from ..oci.digests import Digest
from .verdict import Finding, Severity, Status, Verdict, Waiver, decide

_TAIL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolOutput:
    """What a tool left: its exit code, its report (a file or standard output), and its standard
    error.
    """

    exit_code: int
    report: str
    stderr: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What was asked: the gate, the threshold and waivers, and facts that stand in no report.

    `today` decides whether waivers hold, `data_date` and `data_digest` are of the tool's own data, `subject`
    the digest or commit that was looked at, `seconds` how long it took. Gates of style and tests
    know no threshold.
    """

    gate: str
    today: dt.date
    threshold: Severity = Severity.LOW
    waivers: tuple[Waiver, ...] = ()
    tool_version: str = ""
    data_date: dt.date | None = None
    data_digest: Digest | None = None
    subject: str | None = None
    seconds: float | None = None

    def verdict(
        self, tool: str, status: Status, summary: str, findings: Sequence[Finding] = ()
    ) -> Verdict:
        """A verdict with these facts."""
        return Verdict(
            gate=self.gate,
            status=status,
            summary=summary,
            findings=tuple(findings),
            tool=tool,
            tool_version=self.tool_version,
            data_date=self.data_date,
            data_digest=self.data_digest,
            subject=self.subject,
            seconds=self.seconds,
        )

    def judge(self, tool: str, findings: Sequence[Finding], looked_at: str) -> Verdict:
        """The verdict on `findings` by threshold and waivers. `looked_at` says what was seen, and
        how much.
        """
        status = decide(findings, threshold=self.threshold, waivers=self.waivers, today=self.today)
        serious = sum(1 for finding in findings if finding.severity.reaches(self.threshold))
        lesser = len(findings) - serious
        below = f", {lesser} below {self.threshold.word}" if lesser else ""
        waived = " (waived)" if status is Status.WAIVED else ""
        return self.verdict(
            tool, status, f"{count(serious, 'finding')}{waived}{below} in {looked_at}", findings
        )

    def not_evaluated(self, tool: str, reason: str, stderr: str = "") -> Verdict:
        """The verdict of a gate that could not look, with the end of the tool's errors."""
        tail = " / ".join(line.strip() for line in stderr.strip().splitlines()[-_TAIL:])
        summary = f"not evaluated: {plain(reason)}" + (f" ({plain(tail)})" if tail else "")
        return self.verdict(tool, Status.NOT_EVALUATED, summary)


def count(number: int, noun: str) -> str:
    """`1 finding`, `2 findings`, `no findings`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number or 'no'} {noun}s"
