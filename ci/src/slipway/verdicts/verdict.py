"""Verdicts: what a gate looked at, what it found, and what that means.

A gate that could not look has not passed: its status is *not evaluated*, and the project says what
that means for a release. No verdicts at all is a failure, never a pass.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum

from ..errors import DataError
from ..formats.writable import plain
from ..oci.digests import Digest


class Status(Enum):
    """What a gate said."""

    PASSED = "passed"
    FAILED = "failed"
    WAIVED = "waived"
    NOT_EVALUATED = "not evaluated"


class WhenNotEvaluated(Enum):
    """What a gate that could not look means for a release."""

    ALLOW = "allow"
    FAIL = "fail"


class Severity(IntEnum):
    """How bad a finding is. Ordered; nobody having said how bad it is stands first."""

    UNKNOWN = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @classmethod
    def parse(cls, text: str) -> Severity:
        """`text` in any case, GitHub's MODERATE included; UNKNOWN for a word that is not known."""
        word = text.strip().upper()
        return cls.MEDIUM if word == "MODERATE" else cls.__members__.get(word, cls.UNKNOWN)

    @classmethod
    def of_score(cls, score: float) -> Severity:
        """The rating of a CVSS score by the scale of CVSS 3 and 4 (0.0, "none", counts as low)."""
        bounds = ((9.0, cls.CRITICAL), (7.0, cls.HIGH), (4.0, cls.MEDIUM))
        return next((severity for bound, severity in bounds if score >= bound), cls.LOW)

    def reaches(self, threshold: Severity) -> bool:
        """Whether a finding of this severity counts. An unknown one always does: nobody called it
        harmless.
        """
        return self is Severity.UNKNOWN or self >= threshold

    @property
    def word(self) -> str:
        """The name in lower case, as in slipway.yaml and JSON."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing a gate found: `id` (a rule or CVE), where it is, and what to do about it."""

    id: str
    severity: Severity
    title: str
    where: str = ""
    remedy: str = ""

    def line(self) -> str:
        """The finding in one line: severity, id, title, place, remedy."""
        place = f" ({self.where})" if self.where else ""
        remedy = f": {self.remedy}" if self.remedy else ""
        return plain(f"{self.severity.word:8} {self.id} {self.title}{place}{remedy}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Leave to ship with the finding `id`, for a reason, up to and including the day `expires`."""

    id: str
    reason: str
    expires: dt.date

    def holds(self, today: dt.date) -> bool:
        """Whether it has not expired yet."""
        return today <= self.expires


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the gate `gate` said, by which tool, with data of which day, about which subject.

    `data_date` is the day of the tool's own knowledge (a vulnerability database), `data_digest` its
    digest where it was at hand as files; None if it has none. `subject` is the digest or commit that
    was looked at; `seconds` how long it took; `time` is when it was said, with a time zone.
    """

    gate: str
    status: Status
    summary: str
    findings: tuple[Finding, ...] = ()
    tool: str = ""
    tool_version: str = ""
    data_date: dt.date | None = None
    data_digest: Digest | None = None
    subject: str | None = None
    seconds: float | None = None
    time: dt.datetime | None = None

    def __post_init__(self) -> None:
        if not self.gate or not self.summary:
            raise DataError(
                "a verdict needs a gate and a summary", remedy="This is a bug in Slipway"
            )


def decide(
    findings: Iterable[Finding],
    *,
    threshold: Severity,
    waivers: Sequence[Waiver] = (),
    today: dt.date,
) -> Status:
    """FAILED if a finding reaches `threshold` without a waiver that holds; WAIVED if only such do;
    else PASSED.
    """
    allowed = {waiver.id for waiver in waivers if waiver.holds(today)}
    serious = [finding for finding in findings if finding.severity.reaches(threshold)]
    if any(finding.id not in allowed for finding in serious):
        return Status.FAILED
    return Status.WAIVED if serious else Status.PASSED


def overall(
    verdicts: Sequence[Verdict],
    *,
    not_evaluated: WhenNotEvaluated,
    required: Collection[str] = (),
) -> Status:
    """What all verdicts together mean: the worst of them.

    FAILED too if there are none, if no gate could look, or if a gate of `required` is missing or
    could not look: those need nothing from outside, so there is no excuse. NOT_EVALUATED is only
    given back where the project allows it; a release may go on then, and says so.
    """
    looked = {verdict.gate for verdict in verdicts if verdict.status is not Status.NOT_EVALUATED}
    statuses = {verdict.status for verdict in verdicts}
    if not looked or set(required) - looked or Status.FAILED in statuses:  # refusal 08b
        return Status.FAILED
    if Status.NOT_EVALUATED in statuses:
        strict = not_evaluated is WhenNotEvaluated.FAIL
        return Status.FAILED if strict else Status.NOT_EVALUATED
    return Status.WAIVED if Status.WAIVED in statuses else Status.PASSED
