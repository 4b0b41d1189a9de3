"""Times as everything that Slipway writes has them: RFC 3339, in UTC, to the second."""

from __future__ import annotations

import datetime as dt

from ..errors import DataError

_FORM = "%Y-%m-%dT%H:%M:%SZ"


def written(when: dt.datetime) -> str:
    """`2026-12-31T12:00:00Z`; a `DataError` for a time without a time zone."""
    if when.tzinfo is None:
        raise DataError(f"the time {when.isoformat()} has no time zone")
    return when.astimezone(dt.UTC).strftime(_FORM)


def moment(text: str, *, where: str) -> dt.datetime:
    """The time that `written` wrote; a `DataError` for anything else."""
    try:
        return dt.datetime.strptime(text, _FORM).replace(tzinfo=dt.UTC)
    except ValueError:
        raise DataError(f"{text!r} is no time such as 2026-12-31T12:00:00Z", where=where) from None


def created(epoch: int) -> str:
    """Seconds since 1970 as RFC 3339 in UTC, as in `created` of a configuration."""
    try:
        when = dt.datetime.fromtimestamp(epoch, tz=dt.UTC)
    except (ValueError, OverflowError, OSError):
        raise DataError(f"{epoch} is not a time in seconds since 1970") from None
    return written(when)
