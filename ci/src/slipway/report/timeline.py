"""The stages of a run on one axis of time, as HTML; what is cached or critical is said by word too."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..formats.timings import StageTime, critical_path, total

_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
_TICKS = 6
"""Ticks on the axis at most, beside that at 0."""


def timeline(times: Sequence[StageTime]) -> str:
    """The timeline, and in words what the run waited for; times are seconds since the first stage began."""
    if not times:
        return '<p class="soft">no stage was timed</p>'
    path = critical_path(times)
    whole = total(times)
    began = min(stage.started for stage in times)
    ordered = sorted(times, key=lambda stage: (stage.started, stage.name))
    rows = "\n".join(_row(stage, began, whole, path) for stage in ordered)
    on_path = sum(stage.seconds for stage in times if stage.name in path)
    chain = " → ".join(escape(name) for name in path)
    return (
        f"<p>{whole:.1f} s in all. {on_path:.1f} s of them on the critical path: {chain}</p>\n"
        f'<div class="timeline" role="table" aria-label="Stages">\n{_axis(whole)}\n{rows}\n</div>\n'
        '<p class="soft">Critical (orange): the run waited for it. Cached (hatched): answered from an earlier '
        "run.</p>"
    )


def _row(stage: StageTime, began: float, whole: float, path: Sequence[str]) -> str:
    start = stage.started - began
    marks = [
        word
        for word, holds in (("critical", stage.name in path), ("cached", stage.cached))
        if holds
    ]
    said = f"{stage.name}: began at {start:.2f} s, took {stage.seconds:.2f} s"
    waited = f", waited for {', '.join(stage.after)}" if stage.after else ""
    took = "cached" if stage.cached else f"{stage.seconds:.2f} s"
    # A cached stage cost nothing: its bar is a mark of a fixed width, and has to stay in the track.
    left = _share(start, whole)
    width = "" if stage.cached else f"width:{_share(stage.seconds, whole)}"
    place = "right:0" if stage.cached and start > 0.98 * whole else f"left:{left}"
    critical = ' <span class="wide">critical</span>' if "critical" in marks else ""
    return (
        f'<div class="row {" ".join(marks)}" role="row" title="{escape(said + waited)}">'
        f'<span class="name" role="rowheader">{escape(stage.name)}</span>'
        f'<span class="track" role="cell">{_ticks(whole)}<span class="bar" style="{place};{width}"></span></span>'
        f'<span class="number" role="cell">{took}{critical}</span></div>'
    )


def _axis(whole: float) -> str:
    labels = "".join(
        f'<span class="tick{" last" if at > 0.9 * whole else ""}" style="left:{_share(at, whole)}">{at:g} s</span>'
        for at in _marks(whole)
    )
    return (
        '<div class="row axis" aria-hidden="true"><span></span>'
        f'<span class="track">{labels}</span><span></span></div>'
    )


def _ticks(whole: float) -> str:
    return "".join(
        f'<span class="tick" style="left:{_share(at, whole)}"></span>' for at in _marks(whole)[1:]
    )


def _marks(whole: float) -> list[float]:
    """Round numbers of seconds from 0 on, few enough to be told apart."""
    step = next((each for each in _STEPS if whole / each <= _TICKS), whole / _TICKS or 1.0)
    return [n * step for n in range(int(whole / step) + 1)]


def _share(seconds: float, whole: float) -> str:
    return f"{100 * seconds / whole if whole else 0:.2f}%"
