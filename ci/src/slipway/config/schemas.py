"""JSON Schemas (draft 2020-12) of the configuration files, made from the declared keys.

Editors complete and check with them. They say what a schema can say; the parser has the last word,
for example on names that have to be unique, or that refer to each other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .keys import (
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
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(document: SectionKey) -> dict[str, Any]:
    """The schema of the file whose keys `document` declares; `name` is the file's name."""
    return {
        "$schema": DIALECT,
        "$id": f"tag:slipway,2026:schema/{document.name}",
        "title": document.name,
        "description": document.description,
        **_object(document),
    }


def default_of(key: Key) -> object:
    """What holds where the key is left out; None where nothing does."""
    match key:
        case TextKey() | ChoiceKey() | IntegerKey():
            return None if key.default == "" else key.default
        case TextListKey():
            return list(key.default)
    return None


def _property(key: Key) -> dict[str, Any]:
    default = None if key.required else default_of(key)
    return {
        "description": key.description,
        **(_value(key) if key.required else _or_null(_value(key))),
        **({} if default is None else {"default": default}),
        **({} if key.example is None else {"examples": [key.example]}),
    }


def _value(key: Key) -> dict[str, Any]:
    match key:
        case TextKey():
            return _text(key.format)
        case ChoiceKey():
            return {"type": "string", "enum": list(key.choices)}
        case IntegerKey():
            bounds = {"minimum": key.low, "maximum": key.high}
            return {"type": "integer"} | ({"const": key.low} if key.low == key.high else bounds)
        case NumberKey():
            limits = {"minimum": key.low, "maximum": key.high}
            return {"type": "number"} | {k: v for k, v in limits.items() if math.isfinite(v)}
        case DateKey():
            return {"type": "string", "format": "date"}
        case TextListKey():
            return _list(key, _text(key.item))
        case SectionListKey():
            return _list(key, _object(key))
        case SectionKey():
            return _object(key)
    raise TypeError(f"there is no schema of {type(key).__name__}")


def _object(section: SectionKey) -> dict[str, Any]:
    required = [key.name for key in section.keys if key.required]
    return {
        "type": "object",
        "properties": {key.name: _property(key) for key in section.keys},
        **({"required": required} if required else {}),
        "additionalProperties": False,
        **section.constraints,
    }


def _list(key: Key, item: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", **({"minItems": 1} if key.required else {}), "items": dict(item)}


def _text(format: Format) -> dict[str, Any]:
    matched = [rule.pattern for rule in format.rules if not rule.refuse]
    refused = [rule.pattern for rule in format.rules if rule.refuse]
    return {
        "type": "string",
        **({"pattern": matched[0]} if matched else {}),
        **({"not": {"type": "string", "pattern": "|".join(refused)}} if refused else {}),
    }


def _or_null(value: dict[str, Any]) -> dict[str, Any]:
    """The same where the key may also stand there without a value, which is as if left out."""
    enum = {"enum": [*value["enum"], None]} if "enum" in value else {}
    return {**value, "type": [value["type"], "null"], **enum}
