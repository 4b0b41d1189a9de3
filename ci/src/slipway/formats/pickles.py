"""What a pickle would import and call, read from its bytes: nothing is ever loaded.

The reader is stricter than Python's: what two readers could understand differently (frames that do
not fit, bytes after the end, names put together at run time) is refused, not interpreted.
Sources: the table of `pickletools`, PEP 307, PEP 3154, PEP 574.
"""

from __future__ import annotations

import pickletools
from collections.abc import Collection

from .archives import archive_of
from .pickle_machine import Machine
from .pickle_opcodes import TEXTS, PickleRefused, operations, refused, text_of, unescaped

LIMIT = 1 << 30
_BYTES = frozenset({"BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"})
_OLD_STRINGS = frozenset({"STRING", "BINSTRING", "SHORT_BINSTRING"})
_CALLS = frozenset({"REDUCE", "BUILD", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX"})


def globals_of(data: bytes, *, limit: int = LIMIT) -> frozenset[tuple[str, str]]:
    """The (module, name) of everything that loading `data` would import; a `PickleRefused` if it
    is not exactly one well-formed pickle of at most `limit` bytes.

    Protocols before 3 may hold names of Python 2, which Python translates when it loads them (unless
    told not to): both the written and the translated name are given.
    """
    if len(data) > limit:
        raise refused(f"it has {len(data)} bytes, more than {limit}", limit)
    machine = Machine()
    end = frame_end = 0
    for at, op, argument, end in operations(data):
        if op.name == "FRAME":
            frame_end = _frame(data, at, argument, end, frame_end)
        elif at < frame_end < end:
            raise refused(f"{op.name} reaches over the end of its frame", at)
        machine.step(at, op, argument)
        _check_constant(at, op, argument)
    if end != len(data):  # refusal 09b
        raise refused(f"{len(data) - end} bytes follow its end", end)
    machine.finish()
    return frozenset(machine.imported)


def check(
    data: bytes, allowed: Collection[tuple[str, str]], *, limit: int = LIMIT
) -> frozenset[tuple[str, str]]:
    """What `globals_of` finds, if all of it is in `allowed`; a `PickleRefused` that names all the
    rest.
    """
    found = globals_of(data, limit=limit)
    rest = sorted(pair for pair in found if pair not in allowed)
    if rest:
        names = ", ".join(f"{module}.{name}" for module, name in rest)
        remedy = "Allow each by its name if it is harmless, or save the model as skops or ONNX"
        raise PickleRefused(
            f"loading this pickle imports what is not allowed: {names}", remedy=remedy
        )
    return found


def calls_global(data: bytes) -> bool:
    """Whether loading `data` would call something that it imports, even if it broke off later.

    For files that claim to be something else: `globals_of` says why it refuses, this says whether
    Python would have run anything before it saw that, too.
    """
    machine = Machine()
    try:
        for at, op, argument, _ in operations(data):
            machine.step(at, op, argument)
            if op.name in _CALLS and machine.imported:
                return True
    except PickleRefused:
        pass
    return False


def _frame(data: bytes, at: int, argument: bytes, end: int, frame_end: int) -> int:
    if at < frame_end:
        raise refused("a frame is inside another", at)
    frame_end = end + int.from_bytes(argument, "little")
    if frame_end > len(data):  # refusal 09a
        raise refused("a frame reaches past the end", at)
    return frame_end


def _check_constant(at: int, op: pickletools.OpcodeInfo, argument: bytes) -> None:
    """Refuses bytes and strings that are pickles or archives: what reads them is not seen here."""
    if op.name in TEXTS:
        # Before protocol 3, bytes are written as the text that Latin-1 makes of them.
        argument = text_of(at, op, argument).encode("latin-1", "replace")
    elif op.name == "STRING":
        argument = unescaped(at, argument)
    elif op.name not in _BYTES | _OLD_STRINGS:
        return
    nested = "pickle" if _is_pickle(argument) else archive_of(argument)
    if nested:  # refusal 09c
        raise refused(f"a constant is itself a {nested}", at)


def _is_pickle(data: bytes) -> bool:
    """Whether there is a STOP to be reached; a nested pickle need not be a good one."""
    if data[:1] != b"\x80" or data[1:2] not in (b"\2", b"\3", b"\4", b"\5"):
        return False
    try:
        return any(op.name == "STOP" for _, op, _, _ in operations(data))
    except PickleRefused:
        return False
