"""The report of a release as a page: a single file that loads nothing, with a timeline of the stages.

It runs no script and makes no request (Content Security Policy Level 3, `default-src 'none'`), so it can be opened
from disk, kept with the release, or sent by mail. The same release always gives the same bytes.

The page is a template (`templates/release.html.j2`) with automatic escaping. A variable that the template uses
but `render` does not pass is an error (`StrictUndefined`), never an empty cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from ..attestations.release import Release, parse_report
from ..formats.writable import writable
from ..verdicts.verdict import Status
from .timeline import timeline

if TYPE_CHECKING:
    import jinja2

_PACKAGE = __name__.rpartition(".")[0]
# The style of a verdict in templates/style.css, and its word.
_WORDS = {
    Status.PASSED: ("passed", "passed"),
    Status.FAILED: ("failed", "FAILED"),
    Status.WAIVED: ("waived", "waived"),
    Status.NOT_EVALUATED: ("not-evaluated", "NOT EVALUATED"),
}


def render(
    release: Release, *, sizes: Mapping[str, str] | None = None, notes: Sequence[str] = ()
) -> str:
    """The page. `sizes` gives the size of each kind of artifact, `notes` go under the heading."""
    return _template().render(
        release=release,
        references=_references(release),
        sizes=sizes or {},
        notes=notes,
        not_evaluated=[
            verdict for verdict in release.verdicts if verdict.status is Status.NOT_EVALUATED
        ],
        words=_WORDS,
        timeline=timeline(release.stages),
        tools=sorted(release.tools.items()),
    )


def render_record(text: str | bytes, *, where: str = "release.json") -> str:
    """The page of a `dist/release.json`; a `DataError` if the text is not a release record."""
    return render(parse_report(text, where=where))


def _references(release: Release) -> list[tuple[str, object]]:
    named = {"model": release.model, "image": release.image, "plan": release.plan}
    if release.release is not None:
        named["release"] = release.release
    return list(named.items())


@cache
def _template() -> jinja2.Template:
    # Imported here and not above: every call of the module pays for its imports, and few calls render a page.
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("release.html.j2")


def _finalize(value: object) -> object:
    """Make every printed string writable; a value with `__html__` is HTML that a macro returned."""
    return writable(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
