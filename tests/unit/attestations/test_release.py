"""The release as JSON: what goes in comes out, nothing else is taken, and the payload holds no
time.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from slipway.attestations.release import Release, parse_payload, parse_report
from slipway.errors import DataError, InvalidReference
from slipway.formats.timings import StageTime
from slipway.oci.digests import Digest, Reference
from slipway.verdicts.verdict import Status, Verdict


def reference(kind: str) -> Reference:
    return Reference.parse(f"localhost:5050/screening/{kind}").with_digest(Digest.of(kind.encode()))


RELEASE = Release(
    commit="a" * 40,
    dirty=True,
    model=reference("model"),
    image=reference("image"),
    plan=reference("plan"),
    release=reference("release"),
    allowed=("allow-dirty",),
    verdicts=(Verdict(gate="tests", status=Status.PASSED, summary="9 passed", seconds=2.5),),
    stages=(StageTime(name="train", started=1.5, seconds=2.25, cached=True, after=("check",)),),
    tools={"cosign": "3.1.3"},
)


def test_a_report_is_read_back_as_it_was() -> None:
    assert parse_report(RELEASE.report()) == RELEASE


def test_a_release_that_was_not_pushed_has_no_reference() -> None:
    unpushed = replace(RELEASE, release=None)
    assert parse_report(unpushed.report()) == unpushed


def test_the_payload_names_digests_and_holds_no_time() -> None:
    assert json.loads(RELEASE.payload()) == {
        "version": 1,
        "commit": "a" * 40,
        "dirty": True,
        "allowed": ["allow-dirty"],
        "model": reference("model").pinned,
        "image": reference("image").pinned,
        "plan": reference("plan").pinned,
    }
    again = replace(RELEASE, stages=(), verdicts=(), release=None, tools={})
    assert again.payload() == RELEASE.payload()
    assert parse_payload(RELEASE.payload()) == again


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"version": 2}, "has version 2"),
        ({"version": None}, "version is null"),
        ({"more": 1}, "unknown field more"),
        ({"dirty": "no"}, "dirty is a string, not true or false"),
        ({"commit": "abc"}, "whole commit SHA"),
        ({"model": "localhost:5050/a:v1"}, "names no digest"),
        ({"model": f"localhost:5050/a:v1@{Digest.of(b'')}"}, "has a tag"),
        ({"release": "x"}, "not a reference"),
        ({"tools": {"a": 1}}, "tools.a is a whole number"),
        ({"allowed": None}, "allowed is null"),
        ({"stages": [{"name": "a"}]}, "stages[0].started is missing"),
        ({"verdicts": [{}]}, "verdicts[0].gate is missing"),
    ],
)
def test_a_report_is_read_strictly(change: dict[str, object], why: str) -> None:
    text = json.dumps({**json.loads(RELEASE.report()), **change})
    with pytest.raises(DataError) as caught:
        parse_report(text)
    assert why in str(caught.value)


@pytest.mark.parametrize("name", [*json.loads(RELEASE.report())])
def test_every_field_of_a_report_is_needed(name: str) -> None:
    said = json.loads(RELEASE.report())
    del said[name]
    if name == "release":
        assert parse_report(json.dumps(said)).release is None
        return
    with pytest.raises(DataError, match=f"{name} is missing"):
        parse_report(json.dumps(said))


def test_a_payload_has_no_verdicts() -> None:
    with pytest.raises(DataError, match="unknown field release"):
        parse_payload(RELEASE.report())


def test_a_release_names_no_tags() -> None:
    with pytest.raises(InvalidReference, match="names no digest"):
        replace(RELEASE, plan=Reference.parse("localhost:5050/plan:v1"))
