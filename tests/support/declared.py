"""Documents made from the declared keys, and what parser and JSON Schema say of a document."""

from __future__ import annotations

import copy
import datetime as dt
import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import yaml
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker, validators
from jsonschema.exceptions import ValidationError
from slipway.config import project
from slipway.config.keys import (
    ChoiceKey,
    DateKey,
    Format,
    IntegerKey,
    Key,
    NumberKey,
    SectionKey,
    SectionListKey,
    TextKey,
    TextListKey,
    compile_pattern,
)
from slipway.config.project_keys import project_keys
from slipway.config.schemas import json_schema
from slipway.errors import ConfigError
from slipway.iac import engine_names
from slipway.policy import document
from slipway.policy.keys import POLICY

PROJECT = project_keys(engine_names())
PARSERS: dict[str, Callable[[str], object]] = {
    "slipway.yaml": partial(project.parse, engines=engine_names()),
    "policy.yaml": document.parse,
}
# What texts are easily got wrong with, and what stands at the limits of the formats.
ODD_TEXTS = (
    *("", " ", "a", "a\n", "A", "1", "-", "-a", "~a", "/", "/a", ".", "..", "../a", "a/..", "a/../b"),
    *("a..b", "...", "C:a", "a\\b", "a\x00", "\x85", "a" * 63, "a" * 64, "a" * 65, "a-", "a_b", "/" + "a" * 128),
    *("a.b", "a.class", "class", "a.b:c", "a:b", "a@b", "@a", "a@", "a:///", "a:b*", "a$", "embedded", "ü"),
    *("high", "fail", "opentofu", "allow-dirty", "allow-dirty\n", "2026-12-31", "2026-02-30", "roc_auc"),
    *("sha256:" + "0" * 64, "sha256:" + "0" * 64 + "\n", "sha256:" + "A" * 64, "tag:a,2026:b", "tag:a\n"),
)  # fmt: skip


class _Json(yaml.SafeLoader):
    """YAML as the values of JSON, which has no dates; an integer of thousands of digits is infinite."""


def _scalar(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


def _integer(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    return math.inf if len(node.value) > 400 else loader.construct_yaml_int(node)


_Json.add_constructor("tag:yaml.org,2002:timestamp", _scalar)
_Json.add_constructor("tag:yaml.org,2002:int", _integer)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the base class's
        return True


def _pattern(_: object, pattern: str, value: object, __: object) -> Iterator[Exception]:
    """The keyword `pattern` with the expressions of ECMA-262, which JSON Schema asks for."""
    if isinstance(value, str) and not compile_pattern(pattern).search(value):
        yield ValidationError(f"{value!r}: {pattern}")


_Validator = validators.extend(Draft202012Validator, {"pattern": _pattern})


def validator(schema: dict[str, Any]) -> Any:
    """A validator of a schema that checks formats and reads patterns as ECMA-262 does."""
    return _Validator(schema, format_checker=FormatChecker(["date"]))


VALIDATORS = {each.name: validator(json_schema(each)) for each in (PROJECT, POLICY)}


def written(value: object) -> str:
    """A value as YAML."""
    return str(yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False))


def schema_accepts(name: str, text: str) -> bool:
    """Whether the text is YAML that validates against the schema of the file of that name."""
    try:
        value = yaml.load(text, _Json)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError:
        return False
    return bool(VALIDATORS[name].is_valid(value))


def problems(name: str, text: str) -> list[str]:
    """The parser's problems with a text, one by one; none where it accepts it."""
    try:
        PARSERS[name](text)
    except ConfigError as error:
        return str(error).split("\n  ")[1:] or [str(error)]
    return []


def texts(format: Format) -> st.SearchStrategy[str]:
    """Texts of a format: those of the list that are (a regular expression is slow to draw from)."""
    return st.sampled_from([text for text in ODD_TEXTS if format.check(text) is None])


def values(key: Key) -> st.SearchStrategy[Any]:
    """Values of a key that are right, each by itself."""
    match key:
        case TextKey():
            return texts(key.format)
        case ChoiceKey():
            return st.sampled_from(key.choices)
        case IntegerKey():
            return st.integers(key.low, key.high)
        case NumberKey():
            return st.floats(max(key.low, -1e30), min(key.high, 1e30)) | st.integers(0, 1)
        case DateKey():
            return st.dates().map(dt.date.isoformat)
        case TextListKey():
            return st.lists(texts(key.item), min_size=key.required, max_size=2)
        case SectionListKey():
            return st.lists(sections(key), min_size=key.required, max_size=2)
        case SectionKey():
            return sections(key)
    raise TypeError(key)


def sections(section: SectionKey) -> st.SearchStrategy[dict[str, Any]]:
    """Sections whose keys are right, each by itself; keys that are not required may be empty."""
    return st.fixed_dictionaries(
        {key.name: values(key) for key in section.keys if key.required},
        optional={key.name: st.none() | values(key) for key in section.keys if not key.required},
    )


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each place in a document that holds a value: a mapping with a key, or a list with an index."""
    for key in value if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


@st.composite
def damaged(draw: st.DrawFn, document: SectionKey) -> Any:
    """Documents of right keys with up to two of them left out, added, or with any other value."""
    value = copy.deepcopy(draw(sections(document)))
    other: st.SearchStrategy[Any] = st.sampled_from(ODD_TEXTS) | st.sampled_from(
        [None, True, -1, 0, 2, 70000, 0.5, 97, [], {}, [None], ["a"]]
    )
    for _ in range(draw(st.integers(0, 2))):
        where, key = draw(st.sampled_from([*places(value)]))
        match draw(st.sampled_from(["change", "change", "remove", "add"])):
            case "change":
                where[key] = draw(other)
            case "remove":
                del where[key]
            case "add" if isinstance(where, dict):
                where["unknown"] = draw(other)
        if not value:
            break
    return value
