"""What a pickle would import and call, read from its bytes: nothing is ever loaded.

The reader is stricter than Python's: what two readers could understand differently (frames that do
not fit, bytes after the end, names put together at run time) is refused, not interpreted.
Sources: the table of `pickletools`, PEP 307, PEP 3154, PEP 574.
"""

# ruff: noqa: N818 - an error is named after what happened, as in `slipway.errors`.

from __future__ import annotations

import _compat_pickle
import bz2
import codecs
import lzma
import pickletools
import warnings
import zlib
from collections.abc import Callable, Collection, Iterator

from ..errors import DataError

LIMIT = 1 << 30
OPCODES = 10_000_000
_PROTOCOLS = range(6)
_OPCODES = {ord(op.code): op for op in pickletools.opcodes}
_LENGTHS = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
"""In how many bytes an argument says its own length."""
_TEXTS = frozenset({"UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"})
_BYTES = frozenset({"BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"})
_OLD_STRINGS = frozenset({"STRING", "BINSTRING", "SHORT_BINSTRING"})
_CALLS = frozenset({"REDUCE", "BUILD", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX"})
_REFUSED = {
    "EXT1": "a class from the extension registry",
    "EXT2": "a class from the extension registry",
    "EXT4": "a class from the extension registry",
    "PERSID": "a persistent id, which code outside the pickle resolves",
    "BINPERSID": "a persistent id, which code outside the pickle resolves",
    "NEXT_BUFFER": "a buffer from outside the pickle",
    "READONLY_BUFFER": "a buffer from outside the pickle",
}
_PROBE, _PROBED = 64, 1 << 20
_MAGICS = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    **{bytes((0x78, level)): "zlib" for level in (0x01, 0x5E, 0x9C, 0xDA)},
    b"PK\3\4": "zip",
    b"PK\5\6": "zip",
    b"\x04\x22\x4d\x18": "lz4",
    b"\x28\xb5\x2f\xfd": "zstd",
}


class PickleRefused(DataError):
    """A pickle that is not well formed, could be read in two ways, or imports what nobody allowed."""


def globals_of(data: bytes, *, limit: int = LIMIT) -> frozenset[tuple[str, str]]:
    """The (module, name) of everything that loading `data` would import; a `PickleRefused` if it
    is not exactly one well-formed pickle of at most `limit` bytes.

    Protocols before 3 may hold names of Python 2, which Python translates when it loads them (unless
    told not to): both the written and the translated name are given.
    """
    if len(data) > limit:
        raise _refused(f"it has {len(data)} bytes, more than {limit}", limit)
    machine = _Machine()
    end = frame_end = 0
    for at, op, argument, end in _operations(data):
        if op.name == "FRAME":
            frame_end = _frame(data, at, argument, end, frame_end)
        elif at < frame_end < end:
            raise _refused(f"{op.name} reaches over the end of its frame", at)
        machine.step(at, op, argument)
        _check_constant(at, op, argument)
    if end != len(data):
        raise _refused(f"{len(data) - end} bytes follow its end", end)
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
    machine = _Machine()
    try:
        for at, op, argument, _ in _operations(data):
            machine.step(at, op, argument)
            if op.name in _CALLS and machine.imported:
                return True
    except PickleRefused:
        pass
    return False


def archive_of(data: bytes) -> str:
    """The name of the compression or archive that `data` begins with, "" for none. What the
    standard library can unpack counts only if unpacking begins well: two bytes may be chance.
    """
    for magic, name in _MAGICS.items():
        if data.startswith(magic) and len(data) > 8:
            return name if _begins_well(name, data[:_PROBED]) else ""
    return ""


def _begins_well(name: str, data: bytes) -> bool:
    try:
        if name in ("gzip", "zlib"):
            inflate = zlib.decompressobj(31 if name == "gzip" else 15)
            return bool(inflate.decompress(data, _PROBE)) or inflate.eof
        if name in ("bzip2", "xz"):
            unpack = bz2.BZ2Decompressor() if name == "bzip2" else lzma.LZMADecompressor()
            # A long block gives nothing until all of it is there: no error is good enough here.
            unpack.decompress(data, _PROBE)
    except (zlib.error, lzma.LZMAError, OSError, EOFError):
        return False
    return True


def _operations(data: bytes) -> Iterator[tuple[int, pickletools.OpcodeInfo, bytes, int]]:
    """Each opcode up to the first STOP: where it is, what it is, its argument, where it ends."""
    at = 0
    for _ in range(OPCODES):
        if at >= len(data):
            raise _refused("it ends without STOP", at)
        op = _OPCODES.get(data[at])
        if op is None:
            raise _refused(f"there is no opcode {data[at]:#04x}", at)
        argument, end = _argument(data, at, op)
        yield at, op, argument, end
        if op.name == "STOP":
            return
        at = end
    raise _refused(f"it has more than {OPCODES} opcodes", at)


def _argument(data: bytes, at: int, op: pickletools.OpcodeInfo) -> tuple[bytes, int]:
    """An opcode's argument without its length or last newline, and where the next opcode is."""
    start, size = at + 1, 0 if op.arg is None else op.arg.n
    if size == pickletools.UP_TO_NEWLINE:
        end = _after_lines(data, start, 2 if op.name in ("GLOBAL", "INST") else 1)
        if not end:
            raise _refused(f"the argument of {op.name} has no end", at)
        return data[start : end - 1], end
    if size in _LENGTHS:
        signed = size == pickletools.TAKEN_FROM_ARGUMENT4
        start += _LENGTHS[size]
        size = int.from_bytes(data[at + 1 : start], "little", signed=signed)
    if size < 0 or start + size > len(data):
        raise _refused(f"the argument of {op.name} is cut off", at)
    return data[start : start + size], start + size


def _after_lines(data: bytes, at: int, lines: int) -> int:
    """Where the next line is after so many, 0 if there are fewer."""
    for _ in range(lines):
        at = data.find(b"\n", at) + 1
        if not at:
            break
    return at


def _frame(data: bytes, at: int, argument: bytes, end: int, frame_end: int) -> int:
    if at < frame_end:
        raise _refused("a frame is inside another", at)
    frame_end = end + int.from_bytes(argument, "little")
    if frame_end > len(data):
        raise _refused("a frame reaches past the end", at)
    return frame_end


def _check_constant(at: int, op: pickletools.OpcodeInfo, argument: bytes) -> None:
    """Refuses bytes and strings that are pickles or archives: what reads them is not seen here."""
    if op.name in _TEXTS:
        # Before protocol 3, bytes are written as the text that Latin-1 makes of them.
        argument = _text(at, op, argument).encode("latin-1", "replace")
    elif op.name == "STRING":
        argument = _unescaped(at, argument)
    elif op.name not in _BYTES | _OLD_STRINGS:
        return
    nested = "pickle" if _is_pickle(argument) else archive_of(argument)
    if nested:
        raise _refused(f"a constant is itself a {nested}", at)


def _is_pickle(data: bytes) -> bool:
    """Whether there is a STOP to be reached; a nested pickle need not be a good one."""
    if data[:1] != b"\x80" or data[1:2] not in (b"\2", b"\3", b"\4", b"\5"):
        return False
    try:
        return any(op.name == "STOP" for _, op, _, _ in _operations(data))
    except PickleRefused:
        return False


def _text(at: int, op: pickletools.OpcodeInfo, argument: bytes) -> str:
    try:
        if op.name == "UNICODE":
            return argument.decode("raw-unicode-escape")
        return argument.decode("utf-8", "surrogatepass")
    except ValueError:
        raise _refused(f"the argument of {op.name} is no text", at) from None


def _unescaped(at: int, argument: bytes) -> bytes:
    """The value of a quoted string of protocol 0."""
    if len(argument) < 2 or argument[0] != argument[-1] or argument[0] not in b"'\"":
        raise _refused("a STRING is not in quotes", at)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an unknown escape is kept as it is, and warned about
            return codecs.escape_decode(argument[1:-1])[0]
    except ValueError:
        raise _refused("a STRING has a broken escape", at) from None


class _Machine:
    """Python's unpickler without objects: a value is the text of a string constant, or None.

    As in Python, every MARK begins a stack of its own, so nothing can be taken from below it.
    """

    def __init__(self) -> None:
        self.imported: set[tuple[str, str]] = set()
        self._stacks: list[list[str | None]] = [[]]
        self._memo: dict[int, str | None] = {}
        self._protocol = 0
        self._at = 0

    def step(self, at: int, op: pickletools.OpcodeInfo, argument: bytes) -> None:
        """Does what an opcode does to stack, memo and imports."""
        self._at = at
        special = _SPECIAL.get(op.name)
        if op.name in _REFUSED:
            raise _refused(f"{op.name} takes {_REFUSED[op.name]}", at)
        if op.name in _TEXTS:
            self._push(_text(at, op, argument))
        elif special:
            special(self, argument)
        else:
            self._apply(op)

    def finish(self) -> None:
        """Refuses what was left on the stack when STOP took the result."""
        if self._stacks != [[]]:
            raise _refused("values or marks are left over", self._at)

    def _apply(self, op: pickletools.OpcodeInfo) -> None:
        """The effect on the stack that the table says: all results are unknown values."""
        taken = len(op.stack_before)
        if pickletools.markobject in op.stack_before:
            taken = op.stack_before.index(pickletools.markobject)
            items = len(self._to_mark())
            # OBJ has its class above the mark, the only value there that must not be missing.
            if items < len(op.stack_before) - taken - 2:
                raise _refused(f"{op.name} lacks its class", self._at)
            if op.name in ("DICT", "SETITEMS") and items % 2:
                raise _refused(f"{op.name} has a key without a value", self._at)
        for _ in range(taken):
            self._pop()
        self._stacks[-1] += [None] * len(op.stack_after)

    def _push(self, value: str | None) -> None:
        self._stacks[-1].append(value)

    def _pop(self) -> str | None:
        if not self._stacks[-1]:
            raise _refused("the stack is empty", self._at)
        return self._stacks[-1].pop()

    def _top(self) -> str | None:
        value = self._pop()
        self._push(value)
        return value

    def _to_mark(self) -> list[str | None]:
        if len(self._stacks) == 1:
            raise _refused("there is no mark", self._at)
        return self._stacks.pop()

    def _proto(self, argument: bytes) -> None:
        if self._at:
            raise _refused("PROTO is not at the start", self._at)
        if argument[0] not in _PROTOCOLS:
            raise _refused(f"there is no protocol {argument[0]}", self._at)
        self._protocol = argument[0]

    def _mark(self, _: bytes) -> None:
        self._stacks.append([])

    def _drop(self, _: bytes) -> None:
        """POP: takes a mark if there is nothing above it."""
        if self._stacks[-1]:
            self._pop()
        else:
            self._to_mark()

    def _dup(self, _: bytes) -> None:
        self._push(self._top())

    def _get(self, argument: bytes) -> None:
        key = self._key(argument)
        if key not in self._memo:
            raise _refused(f"nothing is in the memo at {key}", self._at)
        self._push(self._memo[key])

    def _put(self, argument: bytes) -> None:
        key = self._key(argument)
        # Python's memo is an array: one far index takes gigabytes. No pickler leaves such gaps.
        if key > self._at:
            raise _refused(f"{key} is too far away for the memo", self._at)
        self._memo[key] = self._top()

    def _get_line(self, argument: bytes) -> None:
        self._get(self._decimal(argument))

    def _put_line(self, argument: bytes) -> None:
        self._put(self._decimal(argument))

    def _decimal(self, line: bytes) -> bytes:
        """A decimal line as binary arguments are; signs, blanks and underscores are refused."""
        if not line.isdigit() or len(line) > 10:
            raise _refused("an index of the memo is no number", self._at)
        return int(line).to_bytes(8, "little")

    def _key(self, argument: bytes) -> int:
        return int.from_bytes(argument, "little")

    def _memoize(self, _: bytes) -> None:
        self._memo[len(self._memo)] = self._top()

    def _global(self, argument: bytes) -> None:
        try:
            module, name = argument.decode().split("\n")
        except UnicodeDecodeError:
            raise _refused("the name of a global is no text", self._at) from None
        self._import(module, name)
        self._push(None)

    def _inst(self, argument: bytes) -> None:
        self._to_mark()
        self._global(argument)

    def _stack_global(self, _: bytes) -> None:
        name, module = self._pop(), self._pop()
        if name is None or module is None:
            raise _refused("the name of a global is no string constant", self._at)
        self._import(module, name)
        self._push(None)

    def _import(self, module: str, name: str) -> None:
        # A dot in a name walks through attributes: os.path.os.system would look like os.path.
        if not name.isidentifier() or not all(part.isidentifier() for part in module.split(".")):
            raise _refused(f"{name!r} of {module!r} is not the name of a global", self._at)
        self.imported.add((module, name))
        if self._protocol < 3:
            renamed = _compat_pickle.IMPORT_MAPPING.get(module, module), name
            self.imported.add(_compat_pickle.NAME_MAPPING.get((module, name), renamed))


_SPECIAL: dict[str, Callable[[_Machine, bytes], None]] = {
    "PROTO": _Machine._proto,
    "MARK": _Machine._mark,
    "POP": _Machine._drop,
    "DUP": _Machine._dup,
    "GET": _Machine._get_line,
    "BINGET": _Machine._get,
    "LONG_BINGET": _Machine._get,
    "PUT": _Machine._put_line,
    "BINPUT": _Machine._put,
    "LONG_BINPUT": _Machine._put,
    "MEMOIZE": _Machine._memoize,
    "GLOBAL": _Machine._global,
    "INST": _Machine._inst,
    "STACK_GLOBAL": _Machine._stack_global,
}


def _refused(reason: str, at: int) -> PickleRefused:
    return PickleRefused(f"this is not a pickle to be trusted: {reason}", where=f"byte {at}")
