"""Reads what OpenTofu and Terraform print when something is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_ERROR = re.compile(r"Error:\s*(?P<summary>.+)")
_PLACE = re.compile(r"on (?P<file>\S+) line (?P<line>\d+)")
_FRAME = re.compile(r"^[ \t│╷╵|]+", re.MULTILINE)
# A line of the source ("12: resource …"), and what hangs below it ("├────", "var.x is a string").
_SOURCE = re.compile(r"\d+:|[├─]")
_SENTENCES = re.compile(r"(?<=[.?!])\s+(?=[A-Z])")
_WIDTH = 200


def first_error(text: str) -> str:
    """The first error of the tool's output in one line, `summary, file line N: what is wrong there`.

    Where nothing in it looks like an error, its last line.
    """
    plain = _FRAME.sub("", text)
    error = _ERROR.search(plain)
    if error is None:
        return (plain.strip().splitlines() or ["it says nothing"])[-1]
    body = plain[error.end() :].partition("Error:")[0]
    place = _PLACE.search(body)
    summary = error["summary"].strip()
    if place:
        summary = f"{summary}, {place['file']} line {place['line']}"
    detail = _detail(body.splitlines())
    return f"{summary}: {detail}" if detail else summary


def _detail(lines: Iterable[str]) -> str:
    """What is said first that is neither a place nor a line of the source; with a `Did you mean` if one follows."""
    first, *others = _SENTENCES.split(" ".join(_first_paragraph(lines)))
    meant = [sentence for sentence in others[:1] if sentence.startswith("Did you mean")]
    said = " ".join([first, *meant]).rstrip(".")
    return said if len(said) <= _WIDTH else said[: _WIDTH - 1] + "…"


def _first_paragraph(lines: Iterable[str]) -> Iterator[str]:
    found = False
    for line in lines:
        if _SOURCE.match(line) or _PLACE.match(line):
            continue
        if line.strip():
            found = True
            yield line.strip()
        elif found:
            return
