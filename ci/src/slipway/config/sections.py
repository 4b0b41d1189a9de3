"""Reads the keys of slipway.yaml one by one and gathers every problem, so that all are told at
once.

A key that is wrong is noted and replaced by a stand-in of the right type: the values made along
the way are only used when there was no problem at all.
"""

from __future__ import annotations

import datetime as dt
import difflib
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import yaml

from ..errors import ConfigError
from .yamltext import at, compose

Check = Callable[[str], str | None]

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
        told = [text for _, text in sorted(self.lines, key=lambda line: line[0])]
        if len(told) == 1:
            place, _, message = told[0].partition(": ")
            raise ConfigError(message, where=place)
        raise ConfigError("\n  ".join([f"{self.where} has {len(told)} problems:", *told]))


class Section:
    """One mapping of the file; `path` is its dotted key path, `known` the keys it may have."""

    def __init__(
        self, node: yaml.MappingNode, *, path: str, known: Iterable[str], problems: Problems
    ) -> None:
        self.node = node
        self.path = path
        self.problems = problems
        self._nodes = self._known(tuple(known))

    @classmethod
    def top(cls, text: str, *, where: str, known: Iterable[str]) -> Section:
        """The whole file; a `ConfigError` at once if it is no mapping of YAML."""
        problems = Problems(where=where)
        return cls(compose(text, where=where), path="", known=known, problems=problems)

    def has(self, name: str) -> bool:
        """Whether the key is there with a value."""
        node = self._nodes.get(name)
        return node is not None and not _is(node, "null")

    def section(self, name: str, known: Iterable[str], *, optional: bool = False) -> Section:
        """The mapping under `name`; an empty one where it may be left out."""
        node = self._nodes.get(name)
        if isinstance(node, yaml.MappingNode):
            return Section(node, path=self._at(name), known=known, problems=self.problems)
        if self.has(name) or not optional:
            self._expected(name, "a section with the keys " + ", ".join(known))
        nothing = yaml.MappingNode(_TAG + "map", [], self.node.start_mark, self.node.end_mark)
        # The keys of a section that is not there are not asked for one by one: one message is
        # enough.
        unheard = self.problems if optional else Problems(where=self.problems.where)
        return Section(nothing, path=self._at(name), known=known, problems=unheard)

    def sections(self, name: str, known: Iterable[str]) -> list[Section]:
        """The list of mappings under `name`; an empty one where it is left out."""
        keys = tuple(known)
        found = []
        for n, node in enumerate(self._list(name)):
            path = f"{self._at(name)}[{n}]"
            if isinstance(node, yaml.MappingNode):
                found.append(Section(node, path=path, known=keys, problems=self.problems))
            else:
                expected = "a section with the keys " + ", ".join(keys)
                self.problems.add(node, f"{path} is {_shown(node)}, expected {expected}")
        return found

    def texts(self, name: str, check: Check) -> tuple[str, ...]:
        """The list of texts under `name`, each passing `check`; empty where it is left out."""
        found = []
        for n, node in enumerate(self._list(name)):
            wrong = check(node.value) if _is(node, "str") else "expected text"
            if wrong is not None:
                self.problems.add(node, f"{self._at(name)}[{n}] is {_shown(node)}, {wrong}")
            found.append(str(node.value))
        return tuple(found)

    def text(self, name: str, check: Check, *, default: str | None = None) -> str:
        """A text that passes `check`; without a `default` the key has to be there."""
        value = self._scalar(name, ("str",), "text", required=default is None)
        if value is None:
            return default or ""
        wrong = check(value)
        if wrong is not None:
            self._wrong(name, wrong)
        return value

    def choice(self, name: str, choices: tuple[str, ...], *, default: str | None = None) -> str:
        """One word of `choices`."""
        value = self.text(name, _one_of(choices), default=default)
        return value if value in choices else choices[0]

    def whole(self, name: str, low: int, high: int, *, default: int | None = None) -> int:
        """A whole number from `low` to `high`."""
        expected = f"a whole number from {low} to {high}" if low < high else f"{low}"
        value = self._scalar(name, ("int",), expected, required=default is None)
        if value is None:
            return low if default is None else default
        number = int(value) if _WHOLE.fullmatch(value) else None
        if number is None or not low <= number <= high:
            self._wrong(name, f"expected {expected}")
        return low if number is None else number

    def number(self, name: str, low: float, high: float) -> float:
        """A finite number from `low` to `high`, which has to be there."""
        finite = math.isfinite(low) and math.isfinite(high)
        expected = f"a number from {low:g} to {high:g}" if finite else "a number"
        value = self._scalar(name, ("int", "float"), expected)
        if value is None:
            return 0.0
        number = float(value) if _DECIMAL.fullmatch(value) else math.nan
        if not (math.isfinite(number) and low <= number <= high):
            self._wrong(name, f"expected {expected}")
        return number

    def date(self, name: str) -> dt.date:
        """A day, written 2026-12-31."""
        value = self._scalar(name, ("timestamp", "str"), "a date such as 2026-12-31")
        try:
            return dt.date.max if value is None else dt.date.fromisoformat(value)
        except ValueError:
            self._wrong(name, "expected a date such as 2026-12-31")
            return dt.date.max

    def problem(self, name: str, message: str) -> None:
        """Notes a problem of the key `name` that only the caller can see."""
        self.problems.add(self._nodes.get(name, self.node), f"{self._at(name)} {message}")

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


def _hint(name: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; known are {', '.join(known)}"


def _one_of(choices: tuple[str, ...]) -> Check:
    def check(value: str) -> str | None:
        if value in choices:
            return None
        close = difflib.get_close_matches(value, choices, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        return f"expected one of {', '.join(choices)}{hint}"

    return check
