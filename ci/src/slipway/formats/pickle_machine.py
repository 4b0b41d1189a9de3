"""Python's unpickler without objects: follows a pickle's opcodes and notes what they would import."""

from __future__ import annotations

import _compat_pickle
import pickletools
from collections.abc import Callable

from .pickle_opcodes import TEXTS, refused, text_of

_PROTOCOLS = range(6)
_REFUSED = {
    "EXT1": "a class from the extension registry",
    "EXT2": "a class from the extension registry",
    "EXT4": "a class from the extension registry",
    "PERSID": "a persistent id, which code outside the pickle resolves",
    "BINPERSID": "a persistent id, which code outside the pickle resolves",
    "NEXT_BUFFER": "a buffer from outside the pickle",
    "READONLY_BUFFER": "a buffer from outside the pickle",
}


class Machine:
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
            raise refused(f"{op.name} takes {_REFUSED[op.name]}", at)
        if op.name in TEXTS:
            self._push(text_of(at, op, argument))
        elif special:
            special(self, argument)
        else:
            self._apply(op)

    def finish(self) -> None:
        """Refuses what was left on the stack when STOP took the result."""
        if self._stacks != [[]]:
            raise refused("values or marks are left over", self._at)

    def _apply(self, op: pickletools.OpcodeInfo) -> None:
        """The effect on the stack that the table says: all results are unknown values."""
        taken = len(op.stack_before)
        if pickletools.markobject in op.stack_before:
            taken = op.stack_before.index(pickletools.markobject)
            items = len(self._to_mark())
            # OBJ has its class above the mark, the only value there that must not be missing.
            if items < len(op.stack_before) - taken - 2:
                raise refused(f"{op.name} lacks its class", self._at)
            if op.name in ("DICT", "SETITEMS") and items % 2:
                raise refused(f"{op.name} has a key without a value", self._at)
        for _ in range(taken):
            self._pop()
        self._stacks[-1] += [None] * len(op.stack_after)

    def _push(self, value: str | None) -> None:
        self._stacks[-1].append(value)

    def _pop(self) -> str | None:
        if not self._stacks[-1]:
            raise refused("the stack is empty", self._at)
        return self._stacks[-1].pop()

    def _top(self) -> str | None:
        value = self._pop()
        self._push(value)
        return value

    def _to_mark(self) -> list[str | None]:
        if len(self._stacks) == 1:
            raise refused("there is no mark", self._at)
        return self._stacks.pop()

    def _proto(self, argument: bytes) -> None:
        if self._at:
            raise refused("PROTO is not at the start", self._at)
        if argument[0] not in _PROTOCOLS:
            raise refused(f"there is no protocol {argument[0]}", self._at)
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
            raise refused(f"nothing is in the memo at {key}", self._at)
        self._push(self._memo[key])

    def _put(self, argument: bytes) -> None:
        key = self._key(argument)
        # Python's memo is an array: one far index takes gigabytes. No pickler leaves such gaps.
        if key > self._at:
            raise refused(f"{key} is too far away for the memo", self._at)
        self._memo[key] = self._top()

    def _get_line(self, argument: bytes) -> None:
        self._get(self._decimal(argument))

    def _put_line(self, argument: bytes) -> None:
        self._put(self._decimal(argument))

    def _decimal(self, line: bytes) -> bytes:
        """A decimal line as binary arguments are; signs, blanks and underscores are refused."""
        if not line.isdigit() or len(line) > 10:
            raise refused("an index of the memo is no number", self._at)
        return int(line).to_bytes(8, "little")

    def _key(self, argument: bytes) -> int:
        return int.from_bytes(argument, "little")

    def _memoize(self, _: bytes) -> None:
        self._memo[len(self._memo)] = self._top()

    def _global(self, argument: bytes) -> None:
        try:
            module, name = argument.decode().split("\n")
        except UnicodeDecodeError:
            raise refused("the name of a global is no text", self._at) from None
        self._import(module, name)
        self._push(None)

    def _inst(self, argument: bytes) -> None:
        self._to_mark()
        self._global(argument)

    def _stack_global(self, _: bytes) -> None:
        name, module = self._pop(), self._pop()
        if name is None or module is None:
            raise refused("the name of a global is no string constant", self._at)
        self._import(module, name)
        self._push(None)

    def _import(self, module: str, name: str) -> None:
        # A dot in a name walks through attributes: os.path.os.system would look like os.path.
        if not name.isidentifier() or not all(part.isidentifier() for part in module.split(".")):
            raise refused(f"{name!r} of {module!r} is not the name of a global", self._at)
        self.imported.add((module, name))
        if self._protocol < 3:
            renamed = _compat_pickle.IMPORT_MAPPING.get(module, module), name
            self.imported.add(_compat_pickle.NAME_MAPPING.get((module, name), renamed))


_SPECIAL: dict[str, Callable[[Machine, bytes], None]] = {
    "PROTO": Machine._proto,
    "MARK": Machine._mark,
    "POP": Machine._drop,
    "DUP": Machine._dup,
    "GET": Machine._get_line,
    "BINGET": Machine._get,
    "LONG_BINGET": Machine._get,
    "PUT": Machine._put_line,
    "BINPUT": Machine._put,
    "LONG_BINPUT": Machine._put,
    "MEMOIZE": Machine._memoize,
    "GLOBAL": Machine._global,
    "INST": Machine._inst,
    "STACK_GLOBAL": Machine._stack_global,
}
