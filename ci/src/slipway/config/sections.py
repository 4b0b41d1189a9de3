"""Reads the declared keys of a file one by one and gathers every problem, so that all are told at
once.

A key that is wrong is noted and replaced by a stand-in of the right type: the values made along
the way are only used when there was no problem at all.
"""

from __future__ import annotations

import datetime as dt
import difflib
import math
import re
from dataclasses import dataclass, field
from typing import TypeVar

import yaml

from ..errors import ConfigError
from .keys import (
    Check,
    ChoiceKey,
    DateKey,
    IntegerKey,
    Key,
    NumberKey,
    SectionKey,
    SectionListKey,
    TextKey,
    TextListKey,
)
from .yamltext import at, compose

_Key = TypeVar("_Key", bound=Key)

_WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[+-]?([0-9]{1,30}(\.[0-9]{0,60})?|\.[0-9]{1,60})([eE][+-]?[0-9]{1,3})?")
_SHOWN = 80
_TAG = "tag:yaml.org,2002:"
_KINDS = {
    "null": "empty",
    "int": "the number {}",
    "float": "the number {}",
    "bool": "the truth value {}",
    "timestamp": "the date {}",
    "str": "the text {!r}",
}


@dataclass(slots=True, kw_only=True)
class Problems:
    """Every problem found so far in the file `where`."""

    where: str
    lines: list[tuple[int, str]] = field(default_factory=list)

    def add(self, node: yaml.Node, message: str) -> None:
        """Notes a problem at the place of `node`."""
        mark = node.start_mark
        self.lines.append((mark.line if mark else 0, f"{at(self.where, mark)}: {message}"))

    def stop(self) -> None:
        """Raises one `ConfigError` that says all problems in the order of the file, if there are
        any.
        """
        if not self.lines:
            return
        problems = [text for _, text in sorted(self.lines, key=lambda line: line[0])]
        if len(problems) == 1:
            place, _, message = problems[0].partition(": ")
            raise ConfigError(message, where=place)
        raise ConfigError("\n  ".join([f"{self.where} has {len(problems)} problems:", *problems]))


class Section:
    """One mapping of the file; `path` is its dotted key path, `keys` the keys that it may have."""

    def __init__(
        self, node: yaml.MappingNode, *, path: str, keys: tuple[Key, ...], problems: Problems
    ) -> None:
        self.node = node
        self.path = path
        self.problems = problems
        self._keys = {key.name: key for key in keys}
        self._nodes = self._known(tuple(self._keys))

    @classmethod
    def top(cls, text: str, *, where: str, keys: tuple[Key, ...]) -> Section:
        """The whole file; a `ConfigError` at once if it is no mapping of YAML."""
        problems = Problems(where=where)
        return cls(compose(text, where=where), path="", keys=keys, problems=problems)

    def has(self, name: str) -> bool:
        """Whether the key is there with a value."""
        node = self._nodes.get(name)
        return node is not None and not _is(node, "null")

    def section(self, name: str) -> Section:
        """The mapping under `name`; an empty one where it may be left out."""
        key = self._key(name, SectionKey)
        node = self._nodes.get(name)
        if isinstance(node, yaml.MappingNode):
            return Section(node, path=self._at(name), keys=key.keys, problems=self.problems)
        if self.has(name) or key.required:
            self._expected(name, _section_of(key))
        nothing = yaml.MappingNode(_TAG + "map", [], self.node.start_mark, self.node.end_mark)
        # The keys of a section that is not there are not asked for one by one: one message is
        # enough.
        unheard = Problems(where=self.problems.where) if key.required else self.problems
        return Section(nothing, path=self._at(name), keys=key.keys, problems=unheard)

    def sections(self, name: str) -> list[Section]:
        """The list of mappings under `name`; an empty one where it is left out."""
        key = self._key(name, SectionListKey)
        found = []
        for n, node in enumerate(self._list(name)):
            path = f"{self._at(name)}[{n}]"
            if isinstance(node, yaml.MappingNode):
                found.append(Section(node, path=path, keys=key.keys, problems=self.problems))
            else:
                self.problems.add(node, f"{path} is {_shown(node)}, expected {_section_of(key)}")
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        """The list of texts under `name`; the key's default where it is left out or empty."""
        key = self._key(name, TextListKey)
        found = []
        for n, node in enumerate(self._list(name)):
            wrong = key.item.check(node.value) if _is(node, "str") else "expected text"
            if wrong is not None:
                self.problems.add(node, f"{self._at(name)}[{n}] is {_shown(node)}, {wrong}")
            found.append(str(node.value))
        return tuple(found) or key.default

    def text(self, name: str) -> str:
        """A text of the key's format; the key's default where it is left out."""
        key = self._key(name, TextKey)
        return self._checked(key, key.format.check) or key.default

    def choice(self, name: str) -> str:
        """One word of the key's choices; the key's default where it is left out."""
        key = self._key(name, ChoiceKey)
        value = self._checked(key, key.check) or key.default
        return value if value in key.choices else key.choices[0]

    def whole(self, name: str) -> int:
        """A whole number in the key's range; the key's default where it is left out."""
        key = self._key(name, IntegerKey)
        low, high = key.low, key.high
        expected = f"a whole number from {low} to {high}" if low < high else f"{low}"
        value = self._scalar(name, ("int",), expected, required=key.required)
        if value is None:
            return low if key.default is None else key.default
        number = int(value) if _WHOLE.fullmatch(value) else None
        if number is None or not low <= number <= high:
            self._wrong(name, f"expected {expected}")
        return low if number is None else number

    def number(self, name: str, *, low: float = -math.inf, high: float = math.inf) -> float:
        """A finite number in the key's range, narrowed to `low` and `high`; 0 where it is left out."""
        key = self._key(name, NumberKey)
        low, high = max(low, key.low), min(high, key.high)
        finite = math.isfinite(low) and math.isfinite(high)
        expected = f"a number from {low:g} to {high:g}" if finite else "a number"
        value = self._scalar(name, ("int", "float"), expected, required=key.required)
        if value is None:
            return 0.0
        number = float(value) if _DECIMAL.fullmatch(value) else math.nan
        if not (math.isfinite(number) and low <= number <= high):
            self._wrong(name, f"expected {expected}")
        return number

    def date(self, name: str) -> dt.date:
        """A day, written 2026-12-31."""
        key = self._key(name, DateKey)
        example = "a date such as 2026-12-31"
        value = self._scalar(name, ("timestamp", "str"), example, required=key.required)
        try:
            return dt.date.max if value is None else dt.date.fromisoformat(value)
        except ValueError:
            self._wrong(name, f"expected {example}")
            return dt.date.max

    def problem(self, name: str, message: str) -> None:
        """Notes a problem of the key `name` that only the caller can see."""
        self.problems.add(self._nodes.get(name, self.node), f"{self._at(name)} {message}")

    def _key(self, name: str, kind: type[_Key]) -> _Key:
        """The declaration of the key `name`, which has to be of that kind."""
        key = self._keys[name]
        if not isinstance(key, kind):
            raise TypeError(f"{name} is declared as {type(key).__name__}, not {kind.__name__}")
        return key

    def _checked(self, key: Key, check: Check) -> str:
        """The text of `key`, with a problem noted where `check` finds one; empty if left out."""
        value = self._scalar(key.name, ("str",), "text", required=key.required)
        wrong = None if value is None else check(value)
        if wrong is not None:
            self._wrong(key.name, wrong)
        return value or ""

    def _known(self, known: tuple[str, ...]) -> dict[str, yaml.Node]:
        """The values by key; unknown keys, keys that are no text and keys that stand twice are
        problems.
        """
        found: dict[str, yaml.Node] = {}
        for key, value in self.node.value:
            name = key.value if _is(key, "str") else None
            if name in known and name not in found:
                found[name] = value
            elif name in found:
                self.problems.add(key, f"{self._at(name)} stands there twice; keep one")
            elif name is None:
                self.problems.add(key, f"{self.path or 'the file'} has {_shown(key)} as a key")
            else:
                self.problems.add(key, f"{self._at(name)} is not a known key{_hint(name, known)}")
        return found

    def _scalar(
        self, name: str, tags: tuple[str, ...], expected: str, *, required: bool = True
    ) -> str | None:
        """The text of a scalar with one of `tags`; None after noting what is wrong, or where it is
        left out.
        """
        node = self._nodes.get(name)
        if isinstance(node, yaml.ScalarNode) and any(_is(node, tag) for tag in tags):
            return str(node.value)
        if self.has(name) or required:
            self._expected(name, expected)
        return None

    def _list(self, name: str) -> list[yaml.Node]:
        """The nodes of the list under `name`; empty where it is left out, or no list (which is
        noted).
        """
        node = self._nodes.get(name)
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        if self.has(name):
            self._expected(name, "a list")
        return []

    def _expected(self, name: str, expected: str) -> None:
        node = self._nodes.get(name)
        if node is None:
            self.problems.add(self.node, f"{self._at(name)} is missing, expected {expected}")
        else:
            quote = "; put it in quotes" if expected == "text" and _is_scalar(node) else ""
            self._wrong(name, f"expected {expected}{quote}")

    def _wrong(self, name: str, why: str) -> None:
        node = self._nodes[name]
        self.problems.add(node, f"{self._at(name)} is {_shown(node)}, {why}")

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


def _is(node: yaml.Node, tag: str) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == _TAG + tag


def _is_scalar(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not _is(node, "null")


def _shown(node: yaml.Node) -> str:
    """What a node holds, for a message."""
    if isinstance(node, yaml.MappingNode):
        return "a section"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    value = str(node.value)
    short = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
    return _KINDS.get(node.tag.removeprefix(_TAG), "{!r}").format(short) if value else "empty"


def _section_of(key: SectionKey) -> str:
    return "a section with the keys " + ", ".join(each.name for each in key.keys)


def _hint(name: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; known are {', '.join(known)}"
