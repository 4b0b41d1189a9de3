"""The stages of a run on one time axis, as values for the template: positions are shares of the total in percent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..formats.timings import StageTime, critical_stages, total

_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
_TICKS = 6
"""The axis has at most this many ticks after the one at 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark on the axis; a label near the right edge is `last` and stands left of its mark."""

    label: str
    left: str
    last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One stage: its marks in words ("critical", "cached"), and the CSS of its bar."""

    name: str
    title: str
    marks: tuple[str, ...]
    bar: str
    took: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The whole chart, and in words what the run waited for."""

    total: str
    critical: str
    path: tuple[str, ...]
    ticks: tuple[Tick, ...]
    rows: tuple[Row, ...]


def timeline(times: Sequence[StageTime]) -> Timeline | None:
    """The chart of the stages, in the order in which they started; None if no stage was timed."""
    if not times:
        return None
    path = critical_stages(times)
    whole = total(times)
    start = min(stage.started for stage in times)
    ordered = sorted(times, key=lambda stage: (stage.started, stage.name))
    return Timeline(
        total=f"{whole:.1f} s",
        critical=f"{sum(stage.seconds for stage in path):.1f} s",
        path=tuple(stage.name for stage in path),
        ticks=tuple(_tick(at, whole) for at in _marks(whole)),
        rows=tuple(_row(stage, stage.started - start, whole, stage in path) for stage in ordered),
    )


def _row(stage: StageTime, start: float, whole: float, critical: bool) -> Row:
    title = f"{stage.name}: began at {start:.2f} s, took {stage.seconds:.2f} s"
    waited = f", waited for {', '.join(stage.after)}" if stage.after else ""
    marks = (("critical", critical), ("cached", stage.cached))
    return Row(
        name=stage.name,
        title=title + waited,
        marks=tuple(word for word, applies in marks if applies),
        bar=_bar(stage, start, whole),
        took="cached" if stage.cached else f"{stage.seconds:.2f} s",
    )


def _bar(stage: StageTime, start: float, whole: float) -> str:
    """A cached stage took no time: its bar is a mark of fixed width, which must not leave the track."""
    place = "right:0" if stage.cached and start > 0.98 * whole else f"left:{_share(start, whole)}"
    return f"{place};" if stage.cached else f"{place};width:{_share(stage.seconds, whole)}"


def _tick(at: float, whole: float) -> Tick:
    return Tick(label=f"{at:g} s", left=_share(at, whole), last=at > 0.9 * whole)


def _marks(whole: float) -> list[float]:
    """Round numbers of seconds from 0 on, few enough to stay legible; 0 alone if the total overflows."""
    if not math.isfinite(whole):
        return [0.0]
    step = next((each for each in _STEPS if whole / each <= _TICKS), whole / _TICKS or 1.0)
    return [n * step for n in range(int(whole / step) + 1)]


def _share(seconds: float, whole: float) -> str:
    return f"{100 * (seconds / whole) if whole else 0:.2f}%"
