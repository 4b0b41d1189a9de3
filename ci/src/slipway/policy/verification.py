"""The result of `verify`: every check of a release against an environment's policy, as a table and as JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..formats.fields import pretty
from ..formats.times import written
from ..formats.writable import plain, writable_json

VERSION = 2
_WIDTH = 96
_HEADS = ("", "artifact", "check", "result", "signer", "time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One requirement of the policy for one artifact: the result, whether it is met, who signed it, and when."""

    artifact: str
    requirement: str
    result: str
    ok: bool
    signer: str = ""
    time: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """All checks of one release for one environment."""

    release: str
    commit: str
    environment: str
    artifacts: Mapping[str, str] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is at least one check and all of them passed."""
        return bool(self.checks) and all(check.ok for check in self.checks)

    def to_json(self) -> str:
        """For machines: `verified`, and for each check its artifact, check, result, signer, time and ok."""
        record = {
            "version": VERSION,
            "release": self.release,
            "commit": self.commit,
            "environment": self.environment,
            "artifacts": dict(self.artifacts),
            "verified": self.ok,
            "checks": [_record(check) for check in self.checks],
        }
        return pretty(writable_json(record))

    def to_text(self) -> str:
        """For people: a summary line, then a table with failed checks first."""
        failed = [check for check in self.checks if not check.ok]
        outcome = "verified" if self.ok else "REFUSED"
        noun = "check" if len(self.checks) == 1 else "checks"
        counts = f"{len(self.checks)} {noun}, {len(failed)} failed"
        head = f"{outcome}: {self.release} for {self.environment or 'no environment'} ({counts})"
        rows = [_HEADS, *(_row(check) for check in sorted(self.checks, key=lambda each: each.ok))]
        named = [(plain(name), plain(text)) for name, text in self._named()]
        return "\n".join([plain(head), *_table(named), "", *_table(rows)])

    def _named(self) -> list[tuple[str, str]]:
        return [("commit", self.commit), *self.artifacts.items()]


def _row(check: Check) -> tuple[str, ...]:
    return (
        "ok" if check.ok else "NO",
        plain(check.artifact),
        _cut(check.requirement),
        _cut(check.result),
        _cut(check.signer),
        written(check.time) if check.time else "",
    )


def _cut(text: str) -> str:
    line = plain(text)
    return line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…"


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _record(check: Check) -> dict[str, object]:
    return {
        "artifact": check.artifact,
        "check": check.requirement,
        "result": check.result,
        "signer": check.signer,
        "time": written(check.time) if check.time else None,
        "ok": check.ok,
    }
