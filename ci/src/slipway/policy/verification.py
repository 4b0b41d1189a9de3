"""What was asked of a release, and what was found: the answer of `verify`, as a table and as JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..formats.fields import pretty
from ..formats.times import written
from ..verdicts.verdict import plain

_WIDTH = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was asked of an artifact: whether it holds, what was found, by whom, and when."""

    artifact: str
    asked: str
    found: str
    ok: bool
    by: str = ""
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Everything that was asked of one release for one environment."""

    release: str
    commit: str
    environment: str
    artifacts: Mapping[str, str] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether something was asked and all of it holds."""
        return bool(self.checks) and all(check.ok for check in self.checks)

    def to_json(self) -> str:
        """For machines: `verified`, and a list of checks with artifact, asked, found, by, at, ok."""
        return pretty(
            {
                "version": 1,
                "release": self.release,
                "commit": self.commit,
                "environment": self.environment,
                "artifacts": dict(self.artifacts),
                "verified": self.ok,
                "checks": [_dict(check) for check in self.checks],
            }
        )

    def to_text(self) -> str:
        """For people: a line of what it comes to, then a table; what does not hold stands first."""
        refused = [check for check in self.checks if not check.ok]
        verdict = "REFUSED" if not self.ok else "verified"
        asked = f"{len(self.checks)} things asked, {len(refused)} not found as asked"
        head = f"{verdict}: {self.release} for {self.environment or 'no environment'} ({asked})"
        rows: list[tuple[str, ...]] = [("", "artifact", "asked", "found", "by", "when")]
        rows += [_row(check) for check in sorted(self.checks, key=lambda check: check.ok)]
        named = [("commit", self.commit), *self.artifacts.items()]
        parts = _table([(name, text) for name, text in named])
        return "\n".join([head, *parts, "", *_table(rows)])


def _row(check: Check) -> tuple[str, ...]:
    return (
        "ok" if check.ok else "NO",
        check.artifact,
        _cut(check.asked),
        _cut(check.found),
        _cut(check.by),
        written(check.at) if check.at else "",
    )


def _cut(text: str) -> str:
    told = plain(text)
    return told if len(told) <= _WIDTH else told[: _WIDTH - 1] + "…"


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _dict(check: Check) -> dict[str, object]:
    return {
        "artifact": check.artifact,
        "asked": check.asked,
        "found": check.found,
        "by": check.by,
        "at": written(check.at) if check.at else None,
        "ok": check.ok,
    }
