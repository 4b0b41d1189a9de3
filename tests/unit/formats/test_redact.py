"""No sensitive value is left in a plan in JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slipway.errors import DataError
from slipway.formats.redact import REDACTED, redact

SECRET = "hush-hush"
PLAN: dict[str, Any] = {
    "variables": {"token": {"value": SECRET}, "size": {"value": 3}},
    "planned_values": {
        "outputs": {"token": {"sensitive": True, "value": [SECRET, 7, {"deep": "quiet"}]}},
        "root_module": {
            "resources": [
                {
                    "values": {"input": {"token": SECRET, "plain": "seen"}, "list": ["x", "y"]},
                    "sensitive_values": {"input": {"token": True}, "list": [False, True]},
                }
            ]
        },
    },
    "resource_changes": [
        {
            "change": {
                "before": None,
                "after": {"a": f"with {SECRET} in it", "pin": 12345},
                "after_sensitive": {"pin": True},
            }
        }
    ],
    "configuration": {
        "root_module": {
            "variables": {"token": {"sensitive": True, "default": SECRET}, "size": {}},
            "resources": [{"expressions": {"x": {"constant_value": SECRET}}}],
        }
    },
    "errored": False,
}


def test_what_is_masked_flagged_or_declared_is_gone_wherever_it_stands() -> None:
    text = redact(json.dumps(PLAN))
    found = json.loads(text)
    for secret in (SECRET, "quiet", "12345"):
        assert secret not in text
    values = found["planned_values"]["root_module"]["resources"][0]["values"]
    assert values == {"input": {"token": REDACTED, "plain": "seen"}, "list": ["x", REDACTED]}
    assert found["planned_values"]["outputs"]["token"]["value"] == REDACTED
    assert found["variables"]["size"] == {"value": 3}
    assert found["errored"] is False
    assert found["resource_changes"][0]["change"]["before"] is None


def test_a_whole_that_is_masked_is_gone() -> None:
    text = redact('{"x": {"values": {"a": "bcdef"}, "sensitive_values": true}}')
    assert json.loads(text)["x"]["values"] == REDACTED


@pytest.mark.parametrize("text", ["[]", "", "no", "NaN"])
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(DataError):
        redact(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4), st.text("abcdef", min_size=6))
def test_a_secret_never_survives_whatever_is_around_it(around: dict[str, Any], secret: str) -> None:
    plan = {
        **around,
        "here": {"values": {"s": secret}, "sensitive_values": {"s": True}},
        "there": [secret],
    }
    text = redact(json.dumps(plan))
    assert secret not in text.replace(REDACTED, "")
