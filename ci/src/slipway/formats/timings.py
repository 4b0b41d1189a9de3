"""Where the time of a run went: stage times, what waited for what, and the critical path.

Clocks are the caller's: `started` is in seconds since 1970, `seconds` how long a stage took.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import DataError
from .fields import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTime:
    """One stage: when it began, how long it took, whether it came from the cache, what it waited
    for.
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
        """When it ended, in seconds since 1970."""
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
        """A stage out of JSON; a `DataError` for anything that `to_dict` does not write."""
        fields.only(("name", "started", "seconds", "cached", "after"))
        return cls(
            name=fields.text("name"),
            started=fields.number("started"),
            seconds=fields.number("seconds"),
            cached=fields.flag("cached"),
            after=fields.texts("after"),
        )


def total(times: Sequence[StageTime]) -> float:
    """Seconds from the first beginning to the last end; 0 for no stage."""
    if not times:
        return 0.0
    return max(stage.ended for stage in times) - min(stage.started for stage in times)


def critical_path(times: Sequence[StageTime]) -> tuple[str, ...]:
    """The names of the stages that the whole run waited for, first to last.

    It goes back from the stage that ended last to the one it waited for longest, and so on.
    `after` may name stages that were not timed; a stage that waits for itself, by whatever way, is
    a `DataError`.
    """
    stages = {stage.name: stage for stage in times}
    if len(stages) != len(times):
        raise DataError("two stages have the same name")
    _refuse_loops(stages)
    path: list[str] = []
    last = max(times, key=lambda stage: stage.ended, default=None)
    while last is not None:
        path.append(last.name)
        before = [stages[name] for name in last.after if name in stages]
        last = max(before, key=lambda stage: stage.ended, default=None)
    return tuple(reversed(path))


def _refuse_loops(stages: dict[str, StageTime]) -> None:
    """Takes away stages that wait for nothing, again and again; what stays waits for itself."""
    waiting = {name: {*stage.after} & set(stages) for name, stage in stages.items()}
    while waiting:
        free = {name for name, before in waiting.items() if not before}
        if not free:
            raise DataError(f"the stages {', '.join(sorted(waiting))} wait for each other")
        waiting = {name: before - free for name, before in waiting.items() if name not in free}


def render_text(times: Sequence[StageTime]) -> str:
    """A table: stage, seconds, share of the whole, marks for cached and for the critical path."""
    if not times:
        return "no stage was timed"
    path = critical_path(times)
    whole = total(times)
    width = max(len("total"), *(len(stage.name) for stage in times))
    rows = [
        _row(stage.name, stage.seconds, whole, width, _marks(stage, path))
        for stage in sorted(times, key=lambda stage: (stage.started, stage.name))
    ]
    waited = f"critical path: {' → '.join(path)}"
    return "\n".join([*rows, _row("total", whole, whole, width, ""), waited])


def _row(name: str, seconds: float, whole: float, width: int, marks: str) -> str:
    share = f"{100 * seconds / whole:3.0f} %" if whole else "  - %"
    return f"{name.ljust(width)}  {seconds:8.2f} s  {share}  {marks}".rstrip()


def _marks(stage: StageTime, path: Sequence[str]) -> str:
    critical = "critical" if stage.name in path else ""
    return " ".join(mark for mark in (critical, "cached" if stage.cached else "") if mark)
