"""YAML text as a tree of nodes that know their lines, and nothing that YAML can do beyond that.

Refused before anything is built: a file over 64 KiB, anchors and aliases (a few lines of them make
gigabytes), deep nesting, several documents, a tag of one's own, and (by `sections`) a key that
stands twice.
"""

from __future__ import annotations

from typing import Protocol

import yaml

from ..errors import ConfigError

LIMIT = 64 * 1024
_DEPTH = 16
_TAGS = frozenset(
    f"tag:yaml.org,2002:{kind}"
    for kind in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")
)


def compose(text: str, *, where: str) -> yaml.MappingNode:
    """The top mapping of `text`; a `ConfigError` names `where`, the line and the column."""
    if len(text) > LIMIT:
        remedy = "It declares a project in a few dozen lines; is this the right file?"
        raise ConfigError(f"the file is over {LIMIT // 1024} KiB", where=where, remedy=remedy)
    try:
        node = _Plain(text, where).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(error, where) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"this is not YAML: {_first_line(error)}", where=where) from None
    if not isinstance(node, yaml.MappingNode):
        found = "empty" if node is None else "not a list of keys and values"
        raise ConfigError(f"the file is {found}", where=where, remedy="Begin it with `version: 1`")
    return node


class Mark(Protocol):
    """A place in the text, from 0. (The parser has two classes for it, one of them in C.)"""

    line: int
    column: int


def at(where: str, mark: Mark | None) -> str:
    """`file:line:column` of a mark (which counts from 0)."""
    return where if mark is None else f"{where}:{mark.line + 1}:{mark.column + 1}"


class _Plain(yaml.SafeLoader):
    """Looks at each event as it is taken, which is before a node is made of it; stops at the first trick."""

    def __init__(self, text: str, where: str) -> None:
        super().__init__(text)
        self._where = where
        self._deep = 0

    def get_event(self) -> yaml.Event | None:
        """The next event, where there is nothing to refuse in it."""
        event: yaml.Event | None = super().get_event()  # type: ignore[no-untyped-call]  # in types-PyYAML
        if isinstance(event, yaml.CollectionStartEvent):
            self._deep += 1
        if isinstance(event, yaml.CollectionEndEvent):
            self._deep -= 1
        if isinstance(event, yaml.NodeEvent):
            self._refuse_tricks(event)
        return event

    def _refuse_tricks(self, event: yaml.NodeEvent) -> None:
        if event.anchor is not None:
            _refuse("anchors and aliases are not read", event, self._where, "Write the value out")
        if self._deep > _DEPTH:
            _refuse("the values nest too deep", event, self._where, "")
        tag = getattr(event, "tag", None)
        if isinstance(tag, str) and tag not in _TAGS:
            _refuse(f"the tag {tag!r} is not read", event, self._where, "Leave it out")


def _refuse(what: str, event: yaml.Event, where: str, remedy: str) -> None:
    raise ConfigError(what, where=at(where, event.start_mark), remedy=remedy)


def _not_yaml(error: yaml.MarkedYAMLError, where: str) -> ConfigError:
    problem = " ".join(part for part in (error.context, error.problem) if part)
    remedy = "Look at that line and the one before it: indentation, a missing colon or quote"
    place = at(where, error.problem_mark or error.context_mark)
    return ConfigError(f"this is not YAML: {problem}", where=place, remedy=remedy)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["it cannot be read"])[0]
