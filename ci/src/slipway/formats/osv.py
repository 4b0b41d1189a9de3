"""Advisories in the OSV format (ossf.github.io/osv-schema), as local databases of osv-scanner hold them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from ..errors import DataError
from .fields import Fields


def newest(advisories: Iterator[str]) -> dt.date | None:
    """The day of a database: that on which the newest of its advisories (OSV JSON) was modified."""
    days = [day for day in map(_modified, advisories) if day is not None]
    return max(days, default=None)


def _modified(advisory: str) -> dt.date | None:
    try:
        text = Fields.parse(advisory, where="advisory").text("modified")
        return dt.date.fromisoformat(text[:10])
    except (DataError, ValueError):
        return None
