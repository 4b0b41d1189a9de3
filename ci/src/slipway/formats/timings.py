"""Where the time of a run went: stage times, dependencies, and the critical path.

The caller reads the clock: `started` is in seconds since 1970, `seconds` how long a stage took.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import DataError
from .fields import Fields
from .writable import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTime:
    """One stage: when it started, how long it took, whether it was cached, and the stages it
    waited for.
    """

    name: str
    started: float
    seconds: float
    cached: bool = False
    after: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (math.isfinite(self.started) and math.isfinite(self.seconds) and self.seconds >= 0):
            raise DataError(f"stage {self.name} took {self.seconds} s from {self.started}")

    @property
    def ended(self) -> float:
        """When the stage ended, in seconds since 1970."""
        return self.started + self.seconds

    def to_dict(self) -> dict[str, object]:
        """The stage as JSON values, times to the millisecond."""
        return {
            "name": self.name,
            "started": round(self.started, 3),
            "seconds": round(self.seconds, 3),
            "cached": self.cached,
            "after": list(self.after),
        }

    @classmethod
    def from_fields(cls, fields: Fields) -> StageTime:
        """Read a stage from JSON; a `DataError` for anything that `to_dict` does not write."""
        fields.only(("name", "started", "seconds", "cached", "after"))
        return cls(
            name=fields.text("name"),
            started=fields.number("started"),
            seconds=fields.number("seconds"),
            cached=fields.flag("cached"),
            after=fields.texts("after"),
        )


def total(times: Sequence[StageTime]) -> float:
    """Seconds from the first start to the last end; 0 if there is no stage."""
    if not times:
        return 0.0
    return max(stage.ended for stage in times) - min(stage.started for stage in times)


def critical_path(times: Sequence[StageTime]) -> tuple[str, ...]:
    """The names of the stages that determined how long the run took, first to last."""
    return tuple(stage.name for stage in critical_stages(times))


def critical_stages(times: Sequence[StageTime]) -> tuple[StageTime, ...]:
    """The stages on the critical path, first to last.

    The path goes back from the stage that ended last, each time to the dependency that ended last.
    It is drawn for a release that is already published, so it never raises: a dependency without a
    time is left out, a loop ends the path, and for a stage that ran more than once the attempt
    that its successor waited for counts.
    """
    attempts: dict[str, list[StageTime]] = {}
    for stage in times:
        attempts.setdefault(stage.name, []).append(stage)
    path: list[StageTime] = []
    last = max(times, key=_end, default=None)
    while last is not None:
        path.append(last)
        before = [_attempt(attempts.get(name, ()), last, path) for name in last.after]
        last = max((stage for stage in before if stage is not None), key=_end, default=None)
    return tuple(reversed(path))


def _attempt(
    attempts: Sequence[StageTime], waiting: StageTime, path: Sequence[StageTime]
) -> StageTime | None:
    """The last of several attempts that ended before `waiting` started, else simply the last one."""
    left = [stage for stage in attempts if stage not in path]
    ended = [stage for stage in left if stage.ended <= waiting.started]
    return max(ended or left, key=_end, default=None)


def _end(stage: StageTime) -> float:
    return stage.ended


def render_text(times: Sequence[StageTime]) -> str:
    """A table: stage, seconds, share of the total, marks for the critical path and the cache."""
    if not times:
        return "no stage was timed"
    path = critical_stages(times)
    whole = total(times)
    width = max(len("total"), *(len(stage.name) for stage in times))
    rows = [
        _row(plain(stage.name), stage.seconds, whole, width, _marks(stage, path))
        for stage in sorted(times, key=lambda stage: (stage.started, stage.name))
    ]
    chain = f"critical path: {' → '.join(plain(stage.name) for stage in path)}"
    return "\n".join([*rows, _row("total", whole, whole, width, ""), chain])


def _row(name: str, seconds: float, whole: float, width: int, marks: str) -> str:
    share = f"{100 * seconds / whole:3.0f} %" if whole else "  - %"
    return f"{name.ljust(width)}  {seconds:8.2f} s  {share}  {marks}".rstrip()


def _marks(stage: StageTime, path: Sequence[StageTime]) -> str:
    critical = "critical" if stage in path else ""
    return " ".join(mark for mark in (critical, "cached" if stage.cached else "") if mark)
