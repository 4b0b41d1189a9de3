"""Strict reading of JSON: every value is asked for by name and type, every error names its
path.

`Fields` is one JSON object on its way into a value. A missing key, a wrong type, a duplicate key,
NaN or JSON that nests without end is a `DataError`, never a KeyError.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from ..errors import DataError

T = TypeVar("T")

_AGAIN = "The file is cut off, empty, or not what it claims to be; make it again"
_TYPES: dict[type, str] = {
    str: "a string",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


def canonical(value: object) -> bytes:
    """`value` as JSON bytes that depend on nothing else: keys sorted, no spaces, ASCII only.

    A `DataError` for what JSON has no word for, such as NaN.
    """
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (ValueError, TypeError, RecursionError) as error:
        raise DataError(f"this cannot be written as JSON: {error}") from None
    return text.encode()


def pretty(value: object) -> str:
    """`value` as JSON for a file that people read: keys sorted, two spaces, a line feed at the
    end.
    """
    return json.dumps(value, sort_keys=True, indent=2, allow_nan=False) + "\n"


def load(text: str | bytes, *, where: str) -> object:
    """The JSON value in `text`; `where` names it in messages."""
    try:
        value: object = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        why = str(error) if isinstance(error, ValueError) else "it nests too deep"
        raise DataError(f"this is not JSON: {why}", where=where, remedy=_AGAIN) from None
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object with each key once: two readers may disagree about which of two wins."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key appears twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """One JSON object. `path` is where it stands in the file (`""` is the top), `where` names the
    file.
    """

    values: Mapping[str, object]
    path: str
    where: str

    @classmethod
    def parse(cls, text: str | bytes, *, where: str) -> Fields:
        """The object in `text`; a `DataError` if it is something else."""
        return cls.of(load(text, where=where), path="", where=where)

    @classmethod
    def of(cls, value: object, *, path: str, where: str) -> Fields:
        """`value` as an object."""
        if not isinstance(value, dict):
            raise _wrong(value, dict, path, where)
        return cls(values=value, path=path, where=where)

    def only(self, known: Iterable[str]) -> Fields:
        """Itself, if it has no other keys than `known`: what is not understood is not trusted."""
        unknown = sorted(set(self.values) - set(known))
        if unknown:
            names = ", ".join(self._at(name) for name in unknown)
            remedy = "It may have been written by a newer Slipway"
            raise DataError(f"unknown field {names}", where=self.where, remedy=remedy)
        return self

    def text(self, name: str) -> str:
        """A string that has to be there."""
        return self._value(name, str)

    def optional_text(self, name: str) -> str | None:
        """A string, or None where the key is absent or null."""
        return None if self.values.get(name) is None else self._value(name, str)

    def whole(self, name: str) -> int:
        """A whole number that has to be there (true is not one)."""
        return self._value(name, int)

    def flag(self, name: str) -> bool:
        """True or false, which has to be there."""
        return self._value(name, bool)

    def number(self, name: str) -> float:
        """A number that has to be there."""
        value = self.values.get(name)
        if isinstance(value, float):
            return value
        return float(self._value(name, int))

    def optional_number(self, name: str) -> float | None:
        """A number, or None where the key is absent or null."""
        return None if self.values.get(name) is None else self.number(name)

    def inner(self, name: str) -> Fields:
        """An object that has to be there."""
        return Fields.of(self._value(name, dict), path=self._at(name), where=self.where)

    def optional_inner(self, name: str) -> Fields:
        """An object; an empty one where the key is absent or null."""
        if self.values.get(name) is None:
            return Fields(values={}, path=self._at(name), where=self.where)
        return self.inner(name)

    def items(self, name: str) -> list[Fields]:
        """A list of objects that has to be there."""
        path = self._at(name)
        return [
            Fields.of(item, path=f"{path}[{n}]", where=self.where)
            for n, item in enumerate(self._value(name, list))
        ]

    def optional_items(self, name: str) -> list[Fields]:
        """A list of objects; an empty one where the key is absent or null."""
        return [] if self.values.get(name) is None else self.items(name)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings that has to be there."""
        found = self._value(name, list)
        for n, item in enumerate(found):
            if not isinstance(item, str):
                raise _wrong(item, str, f"{self._at(name)}[{n}]", self.where)
        return tuple(found)

    def optional_texts(self, name: str) -> tuple[str, ...]:
        """A list of strings; an empty one where the key is absent or null."""
        return () if self.values.get(name) is None else self.texts(name)

    def text_map(self, name: str) -> dict[str, str]:
        """An object whose values are all strings."""
        inner = self.inner(name)
        return {key: inner.text(key) for key in inner.values}

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def _value(self, name: str, kind: type[T]) -> T:
        """The value under `name`, there and of that very type (True is no number)."""
        if name not in self.values:
            raise DataError(f"{self._at(name)} is missing", where=self.where, remedy=_AGAIN)
        value = self.values[name]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise _wrong(value, kind, self._at(name), self.where)
        return value


def _wrong(value: object, kind: type, path: str, where: str) -> DataError:
    found = "null" if value is None else _TYPES.get(type(value), "a number")
    what = f"{path or 'the whole document'} is {found}, not {_TYPES.get(kind, 'a number')}"
    return DataError(what, where=where, remedy=_AGAIN)
