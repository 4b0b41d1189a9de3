"""The files of a release's report. A release is published and tagged before they are written, so none of them fails it.

Each file is rendered on its own: what fails in one is a problem that `report.txt` names, and the others are written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..attestations.release import Release
from ..formats.writable import plain
from .page import render as render_page
from .sarif import to_sarif
from .text import Made, render, size

RECORD, SARIF, PAGE, TEXT = "release.json", "verdicts.sarif", "report.html", "report.txt"


def report_files(
    release: Release, made: Sequence[Made], *, tag: str, new: bool
) -> tuple[dict[str, str], list[str]]:
    """The files by name, and a sentence for each that could not be rendered; never an exception.

    `report.txt` is always there: it names the problems, even if the report itself is one of them.
    """
    renderers = {
        RECORD: release.report,
        SARIF: lambda: to_sarif(release.verdicts),
        PAGE: lambda: _page(release, made, tag),
    }
    files, problems = _rendered(renderers)
    text, failed = _rendered(
        {TEXT: lambda: render(release, made, tag=tag, new=new, problems=problems)}
    )
    problems = [*problems, *failed]
    return files | {TEXT: text.get(TEXT) or _minimal(release, tag, problems)}, problems


def _page(release: Release, made: Sequence[Made], tag: str) -> str:
    sizes = {each.kind: size(each.size) for each in made}
    return render_page(release, sizes=sizes, notes=(f"tagged {tag}",))


def _rendered(renderers: Mapping[str, Callable[[], str]]) -> tuple[dict[str, str], list[str]]:
    files: dict[str, str] = {}
    problems: list[str] = []
    for name, renderer in renderers.items():
        try:
            content = renderer()
            content.encode()  # a lone surrogate would fail the upload of all files
        except Exception as error:
            problems.append(_problem(name, error))
        else:
            files[name] = content
    return files, problems


def _problem(name: str, error: Exception) -> str:
    why = plain(f"{type(error).__name__}: {error}")
    return f"{name}: {why}. The release is published and complete without it; please report this bug in Slipway."


def _minimal(release: Release, tag: str, problems: Sequence[str]) -> str:
    """A report that renders nothing of the release but its commit and tag."""
    lines = (f"Release of {release.commit}", f"tagged {tag}", "", "Not written")
    return "\n".join([*map(plain, lines), *(f"  {problem}" for problem in problems)]) + "\n"
