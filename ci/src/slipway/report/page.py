"""The report of a release as a page: one file that asks nobody for anything, with a timeline of its stages.

It runs no script and loads nothing (Content Security Policy Level 3, `default-src 'none'`), so it can be opened
from a file, kept with the release, or sent by mail. The same release always gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from ..attestations.release import Release, parse_report
from ..verdicts.verdict import Finding, Status, Verdict
from .style import STYLE
from .timeline import timeline

_WORDS = {
    Status.PASSED: ("passed", "passed"),
    Status.FAILED: ("failed", "FAILED"),
    Status.WAIVED: ("waived", "waived"),
    Status.NOT_EVALUATED: ("blind", "NOT EVALUATED"),
}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render(
    release: Release, *, sizes: Mapping[str, str] | None = None, notes: Sequence[str] = ()
) -> str:
    """The page. `sizes` says for an artifact's kind how large it is, `notes` what else is to be known at the top."""
    title = f"Release of {release.commit}"
    loud = [
        *(["made of a tree with changes that no commit holds"] if release.dirty else []),
        *_allowed(release),
    ]
    blind = [each for each in release.verdicts if each.status is Status.NOT_EVALUATED]
    loud += [f"{each.gate}: not evaluated, so it has not passed" for each in blind]
    body = [
        f"<h1>{escape(title)}</h1>",
        *(f'<p class="soft">{escape(note)}</p>' for note in notes),
        *(f'<p class="loud">{escape(each)}</p>' for each in loud),
        "<h2>Made</h2>",
        _artifacts(release, sizes or {}),
        "<h2>Gates</h2>",
        _gates(release.verdicts),
        "<h2>Where the time went</h2>",
        timeline(release.stages),
        "<h2>Tools</h2>",
        _tools(release.tools),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def render_record(text: str | bytes, *, where: str = "release.json") -> str:
    """The page of a `dist/release.json`; a `DataError` for anything that is none."""
    return render(parse_report(text, where=where))


def _allowed(release: Release) -> list[str]:
    return [f"--{option} was given" for option in release.allowed]


def _artifacts(release: Release, sizes: Mapping[str, str]) -> str:
    references = {
        "model": release.model,
        "image": release.image,
        "plan": release.plan,
        **({"release": release.release} if release.release is not None else {}),
    }
    heads = ("artifact", *(("size",) if sizes else ()), "reference")
    rows = [
        [
            escape(kind),
            *((escape(sizes.get(kind, "")),) if sizes else ()),
            f"<code>{escape(reference.pinned)}</code>",
        ]
        for kind, reference in references.items()
    ]
    return _table(heads, rows, long=len(heads) - 1)


def _gates(verdicts: Sequence[Verdict]) -> str:
    rows = []
    for verdict in verdicts:
        style, word = _WORDS[verdict.status]
        summary = escape(verdict.summary) + _findings(verdict.findings)
        rows.append(
            [
                escape(verdict.gate),
                f'<span class="{style}">{word}</span>',
                summary,
                escape(verdict.tool),
            ]
        )
    return _table(("gate", "verdict", "what was found", "tool"), rows, long=2)


def _findings(findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    lines = "".join(
        f"<li>{escape(each.severity.word)}: {escape(each.id)} {escape(each.title)}"
        f' <span class="soft">{escape(each.where)}</span> {escape(each.remedy)}</li>'
        for each in findings
    )
    count = f"{len(findings)} finding{'s' if len(findings) != 1 else ''}"
    return f"<details><summary>{count}</summary><ul>{lines}</ul></details>"


def _tools(tools: Mapping[str, str]) -> str:
    rows = [
        [escape(name), f"<code>{escape(image)}</code>"] for name, image in sorted(tools.items())
    ]
    return _table(("tool", "image"), rows, long=1)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, long: int) -> str:
    """A table of cells that are HTML already; only the column `long` may break its lines."""
    if not rows:
        return '<p class="soft">none</p>'
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    styles = ["text" if n == long else "short" for n in range(len(heads))]
    body = "\n".join(
        "<tr>"
        + "".join(
            f'<td class="{style}">{cell}</td>' for cell, style in zip(row, styles, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
