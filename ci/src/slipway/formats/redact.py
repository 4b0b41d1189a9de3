"""A plan in JSON without its sensitive values: `show -json` prints them in clear text.

Source: the JSON output format of OpenTofu and Terraform, "Values Representation" and "Change Representation":
`sensitive_values`, `before_sensitive` and `after_sensitive` are masks beside the values; outputs have a flag. A
sensitive text that stands anywhere else too (a variable, a constant of the configuration) is taken out there as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from ..errors import DataError
from .fields import load

REDACTED = "(sensitive value)"
_MASKS = {"values": "sensitive_values", "before": "before_sensitive", "after": "after_sensitive"}
# Shorter ones would take words apart that have nothing to do with them.
_SHORTEST = 4


def redact(plan: str) -> str:
    """The same JSON with every sensitive value replaced; a `DataError` for what is no JSON object."""
    content = load(plan, where="plan.json")
    if not isinstance(content, dict):
        raise DataError("a plan in JSON is an object", where="plan.json")
    secrets = sorted(set(_secrets(content, _sensitive_variables(content))), key=len, reverse=True)
    return json.dumps(_without(content, secrets), sort_keys=True, separators=(",", ":"))


def _sensitive_variables(plan: Mapping[str, object]) -> frozenset[str]:
    """The names of root variables that are declared sensitive."""
    configuration = plan.get("configuration")
    root = configuration.get("root_module") if isinstance(configuration, dict) else None
    declared = root.get("variables") if isinstance(root, dict) else None
    if not isinstance(declared, dict):
        return frozenset()
    return frozenset(
        name for name, said in declared.items() if isinstance(said, dict) and said.get("sensitive")
    )


def _secrets(value: object, variables: frozenset[str]) -> Iterator[str]:
    """Every text under a mask, under a flag, or in a sensitive variable."""
    if isinstance(value, list):
        for item in value:
            yield from _secrets(item, variables)
    if not isinstance(value, dict):
        return
    for name, mask in _MASKS.items():
        if name in value and mask in value:
            yield from _masked(value[name], value[mask])
    if value.get("sensitive") is True and "value" in value:
        yield from _texts(value["value"])
    for name, item in value.items():
        if name == "variables" and isinstance(item, dict):
            for variable in variables & item.keys():
                yield from _texts(item[variable])
        yield from _secrets(item, variables)


def _masked(value: object, mask: object) -> Iterator[str]:
    if mask is True:
        yield from _texts(value)
    elif isinstance(value, dict) and isinstance(mask, dict):
        for name in value.keys() & mask.keys():
            yield from _masked(value[name], mask[name])
    elif isinstance(value, list) and isinstance(mask, list):
        for item, part in zip(value, mask, strict=False):
            yield from _masked(item, part)


def _texts(value: object) -> Iterator[str]:
    """The texts and numbers inside a value, as JSON writes them."""
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield json.dumps(value)


def _without(value: object, secrets: list[str]) -> object:
    """The value with every secret taken out, wherever it stands; masks and names stay."""
    if isinstance(value, dict):
        masked = {name: mask for name, mask in _MASKS.items() if name in value and mask in value}
        said = {name: _without(item, secrets) for name, item in value.items()}
        for name, mask in masked.items():
            said[name] = _hidden(said[name], value[mask])
        if value.get("sensitive") is True and "value" in value:
            said["value"] = REDACTED
        return said
    if isinstance(value, list):
        return [_without(item, secrets) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    text = value if isinstance(value, str) else json.dumps(value)
    for secret in secrets:
        if text == secret or (len(secret) >= _SHORTEST and secret in text):
            return REDACTED
    return value


def _hidden(value: object, mask: object) -> object:
    """A value with what its mask covers replaced."""
    if mask is True:
        return REDACTED
    if isinstance(value, dict) and isinstance(mask, dict):
        return {name: _hidden(item, mask.get(name)) for name, item in value.items()}
    if isinstance(value, list) and isinstance(mask, list):
        rest = [*mask, *([None] * len(value))]
        return [_hidden(item, part) for item, part in zip(value, rest, strict=False)]
    return value
