"""The JSON Schemas and the parsers accept the same files, but for what no schema can express."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from slipway.config.keys import Format, Key, SectionKey, TextKey, TextListKey
from slipway.config.project import Keeping
from slipway.config.project_keys import STATES
from slipway.config.schemas import json_schema
from slipway.config.sections import Section
from slipway.policy.keys import POLICY

from tests.support.cases import POLICY as GOOD_POLICY
from tests.support.declared import (
    ODD_TEXTS,
    PROJECT,
    damaged,
    problems,
    schema_accepts,
    sections,
    validator,
    written,
)
from tests.unit.config import test_project as test_config
from tests.unit.policy import test_document as test_policy

ROOT = Path(__file__).parents[3]
DOCUMENTS = {each.name: each for each in (PROJECT, POLICY)}
# What only the parser can see, by how its message ends.
BEYOND_A_SCHEMA = {
    "a key stands twice": r"stands there twice; keep one",
    "a finding is waived twice": r"is waived twice; keep one",
    "a name stands twice": r"names '.*' twice; keep one",
    "a signer or an environment that is referred to is declared": r"has no '.*', which .* names?",
}
# A schema sees the value of a number, not how it is written; .nan is no value of JSON.
NOTATION = {"port: 0x1F", "threshold: .nan"}
WAIVED = f"{GOOD_POLICY}waivers:\n  - {{{test_policy.WAIVER}}}\n"
REJECTED = [
    *(("slipway.yaml", test_config.GOOD, old, new) for old, new, _ in test_config.MISTAKES),
    *(("policy.yaml", GOOD_POLICY, old, new) for old, new, _ in test_policy.MISTAKES),
    *(("policy.yaml", WAIVED, old, new) for old, new, _ in test_policy.WAIVER_MISTAKES),
]


def beyond_a_schema(found: list[str]) -> bool:
    """Whether each of the parser's problems is one that no schema can express."""
    return all(any(re.search(each, line) for each in BEYOND_A_SCHEMA.values()) for line in found)


def readme() -> str:
    (block,) = re.findall(
        r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )
    return str(block)


def policy_page() -> str:
    page = (ROOT / "docs/policy.md").read_text(encoding="utf-8")
    return page.partition("```yaml\n")[2].partition("```")[0]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_schema_is_one_of_draft_2020_12(name: str) -> None:
    Draft202012Validator.check_schema(json_schema(DOCUMENTS[name]))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(
            (path.name, path.read_text(encoding="utf-8"))
            for folder in (ROOT, ROOT / "examples/minimal")
            for path in (folder / "slipway.yaml", folder / "policy.yaml")
        ),
        ("slipway.yaml", readme()),
        ("slipway.yaml", test_config.GOOD),
        ("slipway.yaml", test_config.SMALL),
        *(("slipway.yaml", f"{test_config.SMALL}{empty}\n") for empty in test_config.EMPTY),
        ("policy.yaml", policy_page()),
        ("policy.yaml", GOOD_POLICY),
        ("policy.yaml", WAIVED),
    ],
)
def test_an_accepted_file_validates(name: str, text: str) -> None:
    assert problems(name, text) == []
    assert schema_accepts(name, text)


@pytest.mark.parametrize(("name", "good", "old", "new"), REJECTED)
def test_a_rejected_file_does_not_validate(name: str, good: str, old: str, new: str) -> None:
    text = good.replace(old, new, 1)
    found = problems(name, text)
    assert found
    listed = new in NOTATION or beyond_a_schema(found)
    assert schema_accepts(name, text) is listed


def test_a_finding_that_is_waived_twice_validates() -> None:
    twice = "    - {id: CVE-2026-1, reason: again, expires: 2026-12-31}\nenvironments"
    text = test_config.GOOD.replace("environments", twice)
    assert beyond_a_schema(problems("slipway.yaml", text))
    assert schema_accepts("slipway.yaml", text)


@pytest.mark.parametrize("text", ["", "- 1", "null", "{}", "version: 1\n", "7"])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_file_without_its_keys_does_not_validate(name: str, text: str) -> None:
    assert problems(name, text)
    assert not schema_accepts(name, text)


@pytest.mark.parametrize("name", DOCUMENTS)
@settings(max_examples=30, deadline=None, database=None)
@given(data=st.data())
def test_parser_and_schema_agree_on_any_document(name: str, data: st.DataObject) -> None:
    text = written(data.draw(sections(DOCUMENTS[name]) | damaged(DOCUMENTS[name])))
    found = problems(name, text)
    assert schema_accepts(name, text) is (not found or beyond_a_schema(found)), (text, found)


def declared(section: SectionKey) -> list[Key]:
    """Every key of a section and of those in it."""
    inner = [each for key in section.keys if isinstance(key, SectionKey) for each in declared(key)]
    return [*section.keys, *inner]


KEYS = [*declared(PROJECT), *declared(POLICY)]


def formats() -> dict[str, Format]:
    """Each format of a text."""
    texts = [key.format for key in KEYS if isinstance(key, TextKey)]
    lists = [key.item for key in KEYS if isinstance(key, TextListKey)]
    return {str(each.rules): each for each in (*texts, *lists)}


ALPHABET = "aB1_-./:~\\@*$ \n\x85"


@settings(max_examples=100, deadline=None, database=None)
@given(st.sampled_from(ODD_TEXTS) | st.text(ALPHABET, max_size=6) | st.text(max_size=6))
def test_parser_and_schema_agree_on_any_text(text: str) -> None:
    for format, schema in FORMATS:
        assert schema.is_valid({"a": text}) is (format.check(text) is None), (text, format.label)


FORMATS = [
    (
        each,
        validator(
            json_schema(
                SectionKey(
                    name="x",
                    description="",
                    keys=(TextKey(name="a", description="", required=True, format=each),),
                )
            )
        ),
    )
    for each in formats().values()
]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_a_key_is_described_and_its_example_is_one(key: Key) -> None:
    assert re.fullmatch(r"[A-Z].*\.", key.description)
    if isinstance(key, SectionKey):
        return
    schema = json_schema(SectionKey(name="x", description="", keys=(key,)))
    text = written({key.name: key.example})
    assert validator(schema).is_valid({key.name: key.example})
    assert _read(Section.top(text, where="x", keys=(key,)), key) is not None


def _read(section: Section, key: Key) -> Any:
    kind = type(key).__name__.removesuffix("Key")
    method = {"Text": "text", "TextList": "texts", "Integer": "whole", "Number": "number"}
    value = getattr(section, method.get(kind, kind.lower()))(key.name)
    section.problems.stop()
    return value


def test_the_choices_are_the_values_that_the_program_knows() -> None:
    assert tuple(each.value for each in Keeping) == STATES


def test_what_is_left_out_has_the_declared_default() -> None:
    schema = json_schema(PROJECT)["properties"]
    assert schema["service"]["properties"]["port"]["default"] == 8080
    assert schema["gates"]["properties"]["not-evaluated"]["default"] == "fail"
    assert "default" not in schema["model"]["properties"]["data"]
    assert "reads this key yet" in schema["environments"]["description"]
