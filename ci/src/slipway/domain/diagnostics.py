"""Reads what OpenTofu and Terraform print when something is wrong."""

from __future__ import annotations

import re

_ERROR = re.compile(r"Error:\s*(?P<summary>.+)")
_PLACE = re.compile(r"on (?P<file>\S+) line (?P<line>\d+)")
_FRAME = re.compile(r"^[\s│╷╵|]+", re.MULTILINE)


def first_error(text: str) -> str:
    """The first error of the tool's output in one line, `summary, file line N`.

    Where nothing in it looks like an error, its last line.
    """
    plain = _FRAME.sub("", text)
    error = _ERROR.search(plain)
    if error is None:
        return (plain.strip().splitlines() or ["it says nothing"])[-1]
    place = _PLACE.search(plain, error.end())
    summary = error["summary"].strip()
    return f"{summary}, {place['file']} line {place['line']}" if place else summary
