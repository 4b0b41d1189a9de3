"""The report of a release as text: artifacts, verdicts of the gates, and where the time went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..attestations.release import Release
from ..formats.timings import render_text as render_times
from ..formats.writable import plain
from ..verdicts.report import render_text as render_verdicts
from ..verdicts.verdict import Status

_UNITS = ("B", "kB", "MB", "GB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An artifact: its kind, `repository@sha256:…`, and its size in bytes as the registry counts it."""

    kind: str
    reference: str
    size: int


def render(
    release: Release, made: Sequence[Made], *, tag: str, new: bool, problems: Sequence[str] = ()
) -> str:
    """The whole report. `new` is false if the registry had this release before; `problems` come last."""
    parts = [
        "\n".join(_head(release, tag, new)),
        "Made\n" + "\n".join(_artifacts(made)),
        "Gates\n" + _indented(render_verdicts(release.verdicts)),
        *_section("Not evaluated, so not passed", _not_evaluated(release)),
        "Time\n" + _indented(render_times(release.stages)),
        *_section("Not written", problems),
    ]
    return "\n\n".join(parts) + "\n"


def _head(release: Release, tag: str, new: bool) -> list[str]:
    dirty = " (with changes that no commit holds)" if release.dirty else ""
    known = "Nothing new: the registry has this release already, and it verifies."
    lines = [f"Release of {release.commit}{dirty}", f"tagged {plain(tag)}"]
    return lines if new else [*lines, known]


def _artifacts(made: Sequence[Made]) -> list[str]:
    width = max((len(each.kind) for each in made), default=0)
    return [
        plain(f"  {each.kind:{width}}  {size(each.size):>8}  {each.reference}") for each in made
    ]


def _not_evaluated(release: Release) -> list[str]:
    return [
        f"NOT EVALUATED: {verdict.gate}. {verdict.summary}"
        for verdict in release.verdicts
        if verdict.status is Status.NOT_EVALUATED
    ]


def _section(title: str, lines: Sequence[str]) -> list[str]:
    """A part of the report that is there only if it has lines."""
    return ["\n".join([title, *(f"  {plain(line)}" for line in lines)])] if lines else []


def size(count: int) -> str:
    """A number of bytes for people: `1.5 MB`, powers of 1000."""
    value = float(count)
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            break
        value /= 1000
    return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
