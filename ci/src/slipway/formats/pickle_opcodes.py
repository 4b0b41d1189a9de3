"""A pickle's opcodes one by one, read from its bytes.

Sources: the table of `pickletools`, PEP 307, PEP 3154, PEP 574.
"""

# ruff: noqa: N818 - an error is named after what happened, as in `slipway.errors`.

from __future__ import annotations

import codecs
import pickletools
import warnings
from collections.abc import Iterator

from ..errors import DataError

OPCODES = 10_000_000
_OPCODES = {ord(op.code): op for op in pickletools.opcodes}
_LENGTHS = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
"""In how many bytes an argument says its own length."""
TEXTS = frozenset({"UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"})


class PickleRefused(DataError):
    """A pickle that is not well formed, could be read in two ways, or imports what nobody allowed."""


def operations(data: bytes) -> Iterator[tuple[int, pickletools.OpcodeInfo, bytes, int]]:
    """Each opcode up to the first STOP: where it is, what it is, its argument, where it ends."""
    at = 0
    for _ in range(OPCODES):
        if at >= len(data):
            raise refused("it ends without STOP", at)
        op = _OPCODES.get(data[at])
        if op is None:
            raise refused(f"there is no opcode {data[at]:#04x}", at)
        argument, end = _argument(data, at, op)
        yield at, op, argument, end
        if op.name == "STOP":
            return
        at = end
    raise refused(f"it has more than {OPCODES} opcodes", at)


def _argument(data: bytes, at: int, op: pickletools.OpcodeInfo) -> tuple[bytes, int]:
    """An opcode's argument without its length or last newline, and where the next opcode is."""
    start, size = at + 1, 0 if op.arg is None else op.arg.n
    if size == pickletools.UP_TO_NEWLINE:
        end = _after_lines(data, start, 2 if op.name in ("GLOBAL", "INST") else 1)
        if not end:
            raise refused(f"the argument of {op.name} has no end", at)
        return data[start : end - 1], end
    if size in _LENGTHS:
        signed = size == pickletools.TAKEN_FROM_ARGUMENT4
        start += _LENGTHS[size]
        size = int.from_bytes(data[at + 1 : start], "little", signed=signed)
    if size < 0 or start + size > len(data):
        raise refused(f"the argument of {op.name} is cut off", at)
    return data[start : start + size], start + size


def _after_lines(data: bytes, at: int, lines: int) -> int:
    """Where the next line is after so many, 0 if there are fewer."""
    for _ in range(lines):
        at = data.find(b"\n", at) + 1
        if not at:
            break
    return at


def text_of(at: int, op: pickletools.OpcodeInfo, argument: bytes) -> str:
    """The value of an opcode that holds text."""
    try:
        if op.name == "UNICODE":
            return argument.decode("raw-unicode-escape")
        return argument.decode("utf-8", "surrogatepass")
    except ValueError:
        raise refused(f"the argument of {op.name} is no text", at) from None


def unescaped(at: int, argument: bytes) -> bytes:
    """The value of a quoted string of protocol 0."""
    if len(argument) < 2 or argument[0] != argument[-1] or argument[0] not in b"'\"":
        raise refused("a STRING is not in quotes", at)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an unknown escape is kept as it is, and warned about
            return codecs.escape_decode(argument[1:-1])[0]
    except ValueError:
        raise refused("a STRING has a broken escape", at) from None


def refused(reason: str, at: int) -> PickleRefused:
    """The error for a pickle that breaks off, or says what no pickler writes, at this byte."""
    return PickleRefused(f"this is not a pickle to be trusted: {reason}", where=f"byte {at}")
