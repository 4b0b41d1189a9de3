"""The report of a release as text: what was made, what the gates said, where the time went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..attestations.release import Release
from ..formats.timings import render_text as render_times
from ..verdicts.report import render_text as render_verdicts
from ..verdicts.verdict import Status

_UNITS = ("B", "kB", "MB", "GB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An artifact: its kind, `repository@sha256:…`, and its size in bytes as a registry counts it."""

    kind: str
    reference: str
    size: int


def render(release: Release, made: Sequence[Made], *, tag: str, new: bool) -> str:
    """The whole report. `new` says whether anything was published that was not there before."""
    head = f"Release of {release.commit}"
    said = [
        f"{head} (with changes that no commit holds)" if release.dirty else head,
        f"tagged {tag}",
    ]
    if not new:
        said.append("Nothing new: the registry has this release already, and it verifies.")
    width = max(len(each.kind) for each in made)
    rows = [f"  {each.kind:{width}}  {size(each.size):>8}  {each.reference}" for each in made]
    blind = [each for each in release.verdicts if each.status is Status.NOT_EVALUATED]
    loud = [f"  NOT EVALUATED: {each.gate}. {each.summary}" for each in blind]
    parts = [
        "\n".join(said),
        "Made\n" + "\n".join(rows),
        "Gates\n" + _indented(render_verdicts(release.verdicts)),
        *(["Not looked at, so not passed\n" + "\n".join(loud)] if loud else []),
        "Time\n" + _indented(render_times(release.stages)),
    ]
    return "\n\n".join(parts) + "\n"


def size(count: int) -> str:
    """Bytes as people write them: `1.5 MB`, powers of 1000."""
    value = float(count)
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            break
        value /= 1000
    return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
