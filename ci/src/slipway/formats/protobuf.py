"""Protobuf messages as records: enough to change a field and to sort what has no order, and no schema compiler.

Source of the encoding: protobuf.dev/programming-guides/encoding. Groups, which proto3 does not have, are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ..errors import DataError

VARINT, BYTES = 0, 2
_FIXED = {1: 8, 5: 4}
_VARINT_LIMIT = 10


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
        length = varint(len(self.value)) if self.wire == BYTES else b""
        return head + length + self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What of a message has no order: the numbers of its `sets`, and the shapes of messages in it."""

    sets: frozenset[int] = frozenset()
    inner: Mapping[int, Shape] = field(default_factory=dict)


def in_order(records: Iterable[Record], shape: Shape) -> bytes:
    """The message of these records by number; of one number, only sets change their order."""
    sorted_inside = (_sorted_inside(record, shape) for record in records)
    ranked = sorted(
        sorted_inside,
        key=lambda each: (
            (each.number, each.value, each.wire) if each.number in shape.sets else (each.number,)
        ),
    )
    return b"".join(record.encode() for record in ranked)


def _sorted_inside(record: Record, shape: Shape) -> Record:
    inner = shape.inner.get(record.number)
    if inner is None or record.wire != BYTES:
        return record
    return replace(record, value=in_order(walk(record.value), inner))


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
    if wire == BYTES:
        return read_varint(message, at)
    if wire == VARINT:
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
    return DataError(f"this is not a protobuf message: {what}")
