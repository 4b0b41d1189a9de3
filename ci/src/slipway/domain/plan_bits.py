"""A saved infrastructure plan without the time of day in it, so that the same tree gives the same
bytes.

A plan is a zip with a protobuf message `tfplan` beside the configuration, the state and the lock
file. Source: `internal/plans/internal/planproto/planfile.proto` of OpenTofu and Terraform, the
message `Plan`:

- field 21, `timestamp`, "the record of truth for when the plan happened", becomes the commit's
time; - fields that the file calls an unordered set (and the map of variables) come in the order in
which a concurrent walk ended; they are sorted. All other records keep their bytes.

Entries of the zip are sorted, stored as they are (so that no version of zlib matters) and dated
1980. The values of `plantimestamp()` stand in a plan too, so a stack that asks for it is refused:
the plan would contradict itself.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import DataError
from .oci import created

LIMIT = 256 * 1024 * 1024
_ENTRIES = 10_000
_TIMESTAMP = 21
# variables, resource_changes, output_changes, target_addrs, relevant_attributes,
# force_replace_addrs, resource_drift, check_results
_UNORDERED = frozenset({2, 3, 4, 5, 15, 16, 18, 19})
_VARINT, _BYTES = 0, 2
_FIXED = {1: 8, 5: 4}
_VARINT_LIMIT = 10
_DAWN = (1980, 1, 1, 0, 0, 0)
_WHERE = "saved plan"
_AGAIN = "Make the plan again with `plan -out`; an encrypted one cannot be normalised"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One field of a protobuf message: its number, its wire type, and its bytes without tag and
    length.
    """

    number: int
    wire: int
    value: bytes

    def encode(self) -> bytes:
        """The record as it stands in a message."""
        head = varint(self.number << 3 | self.wire)
        length = varint(len(self.value)) if self.wire == _BYTES else b""
        return head + length + self.value


def normalise(plan: bytes, *, epoch: int) -> bytes:
    """The plan with sorted entries and `epoch`, the commit's time in seconds, as its time.

    A `DataError` if it is no plan, or one whose configuration asks for `plantimestamp()`.
    """
    entries = _entries(plan)
    if "tfplan" not in entries:
        raise DataError("there is no tfplan in it", where=_WHERE, remedy=_AGAIN)
    _refuse_plantimestamp(entries)
    entries["tfplan"] = with_timestamp(entries["tfplan"], created(epoch))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(entries):
            archive.writestr(_entry(name), entries[name])
    return target.getvalue()


def with_timestamp(message: bytes, timestamp: str) -> bytes:
    """The message `Plan` with that timestamp (if it has one) and its unordered sets sorted."""
    records = [
        Record(number=_TIMESTAMP, wire=_BYTES, value=timestamp.encode())
        if record.number == _TIMESTAMP
        else record
        for record in walk(message)
    ]
    return b"".join(record.encode() for record in sorted(records, key=_rank))


def _rank(record: Record) -> tuple[int, bytes]:
    """By number; among records of one number the order only changes where it has no meaning."""
    return record.number, record.value if record.number in _UNORDERED else b""


def walk(message: bytes) -> Iterator[Record]:
    """The records of a protobuf message; a `DataError` where it is cut off or no protobuf."""
    at = 0
    while at < len(message):
        tag, at = read_varint(message, at)
        number, wire = tag >> 3, tag & 7
        if not 0 < number < 1 << 29:
            raise _broken(f"field number {number}")
        length, at = _length(message, at, wire)
        if at + length > len(message):
            raise _broken(f"field {number} is cut off")
        yield Record(number=number, wire=wire, value=message[at : at + length])
        at += length


def _length(message: bytes, at: int, wire: int) -> tuple[int, int]:
    """How long a value is, and where it begins."""
    if wire == _BYTES:
        return read_varint(message, at)
    if wire == _VARINT:
        return read_varint(message, at)[1] - at, at
    if wire in _FIXED:
        return _FIXED[wire], at
    raise _broken(f"wire type {wire}")


def varint(value: int) -> bytes:
    """A number from 0 as a varint: seven bits a byte, lowest first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varint(message: bytes, at: int) -> tuple[int, int]:
    """The varint at `at`, and where the next byte after it is."""
    value = 0
    for n, byte in enumerate(message[at : at + _VARINT_LIMIT]):
        value |= (byte & 0x7F) << (7 * n)
        if byte < 0x80:
            return value, at + n + 1
    raise _broken("a number without an end")


def _broken(what: str) -> DataError:
    return DataError(f"tfplan is not a protobuf message: {what}", where=_WHERE, remedy=_AGAIN)


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
