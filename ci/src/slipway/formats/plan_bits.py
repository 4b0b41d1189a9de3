"""A saved infrastructure plan without the time of day, so that the same tree gives the same bytes.

A plan is a zip with a protobuf message `tfplan` beside the configuration, the state and the lock
file. Source: `internal/plans/internal/planproto/planfile.proto` of OpenTofu and Terraform, the
message `Plan`:

- field 21, `timestamp`, "the record of truth for when the plan happened", becomes the commit's
time; - fields that the file calls an unordered set, and those written out of a map, come in the
order in which a concurrent walk ended; they are sorted. All other values keep their bytes; - so
are `check_results` in the two states beside it (`internal/states/statefile/version4.go`).

Entries of the zip are sorted, stored as they are (so that no version of zlib matters) and dated
1980. The values of `plantimestamp()` stand in a plan too, so a stack that asks for it is refused:
the plan would contradict itself.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib

from ..errors import DataError
from .fields import canonical
from .protobuf import BYTES, Record, Shape, in_order, walk
from .times import created

LIMIT = 256 * 1024 * 1024
_ENTRIES = 10_000
_TIMESTAMP = 21
_DAWN = (1980, 1, 1, 0, 0, 0)
_STATES = ("tfstate", "tfstate-prev")
_CHECKS = '"check_results":'
_WHERE = "saved plan"
_AGAIN = "Make the plan again with `plan -out`; an encrypted one cannot be normalised"


# before_sensitive_paths, after_sensitive_paths
_CHANGE = Shape(sets=frozenset({3, 4}))
# required_replace; change
_RESOURCE_CHANGE = Shape(sets=frozenset({11}), inner={9: _CHANGE})
PLAN = Shape(
    # variables, resource_changes, output_changes, target_addrs, relevant_attributes,
    # force_replace_addrs, resource_drift, check_results
    sets=frozenset({2, 3, 4, 5, 15, 16, 18, 19}),
    inner={
        3: _RESOURCE_CHANGE,
        18: _RESOURCE_CHANGE,
        4: Shape(inner={2: _CHANGE}),
        19: Shape(sets=frozenset({4})),  # objects
    },
)


def normalise(plan: bytes, *, epoch: int) -> bytes:
    """The plan with sorted entries and `epoch`, the commit's time in seconds, as its time.

    A `DataError` if it is no plan, or one whose configuration asks for `plantimestamp()`.
    """
    entries = _entries(plan)
    if "tfplan" not in entries:
        raise DataError("there is no tfplan in it", where=_WHERE, remedy=_AGAIN)
    _refuse_plantimestamp(entries)
    try:
        entries["tfplan"] = with_timestamp(entries["tfplan"], created(epoch))
    except DataError as error:
        raise DataError(f"tfplan: {error.what}", where=_WHERE, remedy=_AGAIN) from None
    entries |= {name: with_sorted_checks(entries[name]) for name in _STATES if name in entries}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(entries):
            archive.writestr(_entry(name), entries[name])
    return target.getvalue()


def with_timestamp(message: bytes, timestamp: str) -> bytes:
    """The message `Plan` with that timestamp (if it has one) and its unordered sets sorted."""
    now = Record(number=_TIMESTAMP, wire=BYTES, value=timestamp.encode())
    records = (now if record.number == _TIMESTAMP else record for record in walk(message))
    return in_order(records, PLAN)


def with_sorted_checks(state: bytes) -> bytes:
    """The state with its check results, the last of its keys, in order; all else keeps its bytes.

    The rest is not read as JSON: numbers in it would not survive that.
    """
    head, key, tail = state.decode(errors="surrogateescape").rpartition(_CHECKS)
    try:
        checks, end = json.JSONDecoder().raw_decode(tail)
    except (ValueError, RecursionError):
        return state
    if not key or not isinstance(checks, list) or tail[end:].strip() != "}":
        return state
    ordered = sorted((_sorted_objects(check) for check in checks), key=canonical)
    text = f"{head}{key}{canonical(ordered).decode()}{tail[end:]}"
    return text.encode(errors="surrogateescape")


def _sorted_objects(check: object) -> object:
    if isinstance(check, dict) and isinstance(check.get("objects"), list):
        return {**check, "objects": sorted(check["objects"], key=canonical)}
    return check


def _entries(plan: bytes) -> dict[str, bytes]:
    """The files of the zip, within bounds."""
    try:
        with zipfile.ZipFile(io.BytesIO(plan)) as archive:
            listed = archive.infolist()
            _refuse_bombs(listed)
            return {info.filename: archive.read(info) for info in listed}
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        ValueError,
        EOFError,
        zlib.error,
    ) as error:
        raise DataError(f"this is not a zip: {error}", where=_WHERE, remedy=_AGAIN) from None


def _refuse_bombs(listed: list[zipfile.ZipInfo]) -> None:
    if len(listed) > _ENTRIES or sum(info.file_size for info in listed) > LIMIT:
        raise DataError(f"it is over {LIMIT >> 20} MiB or {_ENTRIES} files", where=_WHERE)
    if len({info.filename for info in listed}) != len(listed):
        raise DataError("a file stands in it twice", where=_WHERE, remedy=_AGAIN)


def _refuse_plantimestamp(entries: dict[str, bytes]) -> None:
    for name, content in sorted(entries.items()):
        if name.startswith("tfconfig/") and b"plantimestamp" in content:
            remedy = "Pass the commit's time as a variable instead, so that plans can be reproduced"
            raise DataError("the stack asks for plantimestamp()", where=name, remedy=remedy)


def _entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _DAWN)
    info.create_system = 3  # Unix, wherever this runs
    info.external_attr = 0o100644 << 16
    return info
