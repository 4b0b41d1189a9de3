"""The kinds of keys that a configuration file declares.

One declaration of a file's keys serves three readers: the parser (`sections`), the JSON Schema for
editors (`schemas`) and the tables in the docs. Descriptions are written for users.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

Check = Callable[[str], str | None]


@cache
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """A pattern of a JSON Schema (ECMA-262), where `$` is only the end of the text.

    Python's `$` also matches before a final line break. A literal dollar sign is written `\\$`.
    """
    return re.compile(re.sub(r"(?<!\\)\$", r"\\Z", pattern))


@dataclass(frozen=True, slots=True)
class Rule:
    """A text must match `pattern` (or must not, where `refuse`); `expected` ends the message."""

    pattern: str
    expected: str
    refuse: bool = False

    def holds(self, value: str) -> bool:
        """Whether `value` keeps this rule."""
        return bool(compile_pattern(self.pattern).search(value)) is not self.refuse


@dataclass(frozen=True, slots=True)
class Format:
    """What a text must look like. `label` names it in the docs; rules are checked in order."""

    label: str
    rules: tuple[Rule, ...]

    def check(self, value: str) -> str | None:
        """What is expected instead of `value`; None where every rule holds."""
        return next((rule.expected for rule in self.rules if not rule.holds(value)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key of a section. A key that is not `required` may also be empty (null)."""

    name: str
    description: str
    required: bool = False
    example: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextKey(Key):
    """A text."""

    format: Format
    default: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceKey(Key):
    """One word of `choices`."""

    choices: tuple[str, ...]
    default: str = ""

    def check(self, value: str) -> str | None:
        """What is expected instead of `value`; None where it is a choice."""
        if value in self.choices:
            return None
        close = difflib.get_close_matches(value, self.choices, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        return f"expected one of {', '.join(self.choices)}{hint}"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerKey(Key):
    """A whole number from `low` to `high`."""

    low: int
    high: int
    default: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberKey(Key):
    """A finite number from `low` to `high`."""

    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class DateKey(Key):
    """A day, written 2026-12-31."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextListKey(Key):
    """A list of texts; not empty where it is required."""

    item: Format
    default: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionKey(Key):
    """A section with keys of its own.

    `constraints` are what the schema says of several keys together; the parser has code for it.
    """

    keys: tuple[Key, ...]
    constraints: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionListKey(SectionKey):
    """A list of such sections; not empty where it is required."""
