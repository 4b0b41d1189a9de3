"""SLSA v1 provenance: the fields of the specification, and refusals of what would be no proof."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest
from slipway.attestations.provenance import (
    Build,
    BuildType,
    Dependency,
    newest,
    predicate,
    read,
)
from slipway.errors import DataError
from slipway.oci.digests import Digest, Reference

START = dt.datetime(2026, 11, 24, 1, 2, 3, 999, tzinfo=dt.timezone(dt.timedelta(hours=1)))
BUILD = Build(
    build_type=BuildType.MODEL,
    parameters={"metric": "roc_auc", "threshold": 0.97, "project": "screening"},
    dependencies=(
        Dependency.of_commit("git+file:///src", "a" * 40),
        Dependency.of("base", "docker://python:3.11-slim-bookworm", Digest.of(b"base")),
    ),
    builder_id="https://example.com/laptop",
    started=START,
    finished=START + dt.timedelta(minutes=2),
    invocation_id="run-1",
    builder_version={"slipway": "0.1.0"},
)


def test_the_predicate_is_that_of_the_specification() -> None:
    assert json.loads(predicate(BUILD)) == {
        "buildDefinition": {
            "buildType": "tag:slipway,2026:buildtype/model/v1",
            "externalParameters": {"metric": "roc_auc", "threshold": 0.97, "project": "screening"},
            "internalParameters": {},
            "resolvedDependencies": [
                {
                    "name": "base",
                    "uri": "docker://python:3.11-slim-bookworm",
                    "digest": {"sha256": Digest.of(b"base").hex},
                },
                {"name": "source", "uri": "git+file:///src", "digest": {"gitCommit": "a" * 40}},
            ],
        },
        "runDetails": {
            "builder": {"id": "https://example.com/laptop", "version": {"slipway": "0.1.0"}},
            "metadata": {
                "startedOn": "2026-11-24T00:02:03Z",
                "finishedOn": "2026-11-24T00:04:03Z",
                "invocationId": "run-1",
            },
        },
    }


def test_the_order_of_dependencies_does_not_matter() -> None:
    turned = replace(BUILD, dependencies=BUILD.dependencies[::-1])
    assert predicate(turned) == predicate(BUILD)


def test_each_kind_has_a_type_of_its_own() -> None:
    assert len({kind.value for kind in BuildType}) == 3


def test_what_is_not_known_is_left_out() -> None:
    details = json.loads(predicate(replace(BUILD, invocation_id="", builder_version={})))[
        "runDetails"
    ]
    assert details["builder"] == {"id": "https://example.com/laptop"}
    assert "invocationId" not in details["metadata"]


@pytest.mark.parametrize(
    ("build", "why"),
    [
        (replace(BUILD, builder_id=""), "builder's id is '', not a URI"),
        (replace(BUILD, builder_id="my laptop"), "not a URI"),
        (replace(BUILD, dependencies=()), "made of something"),
        (replace(BUILD, parameters={"files": 1}), "files is none of a model's"),
        (replace(BUILD, parameters={"project": ["a"]}), "project is no plain value"),
        (replace(BUILD, parameters={"threshold": float("nan")}), "cannot be written as JSON"),
        (replace(BUILD, finished=START - dt.timedelta(seconds=1)), "finished before it began"),
        (
            replace(BUILD, started=START.replace(tzinfo=None), finished=START.replace(tzinfo=None)),
            "no time zone",
        ),
    ],
)
def test_what_proves_nothing_is_refused(build: Build, why: str) -> None:
    with pytest.raises(DataError, match=why):
        predicate(build)


def test_times_are_compared_only_with_zones() -> None:
    with pytest.raises(DataError, match="no time zone"):
        predicate(replace(BUILD, finished=BUILD.finished.replace(tzinfo=None)))


@pytest.mark.parametrize("digest", [{}, {"sha256": ""}, {"sha256": "not hex" * 10}])
def test_a_dependency_has_a_digest(digest: dict[str, str]) -> None:
    with pytest.raises(DataError, match="base has no digest"):
        Dependency(name="base", uri="docker://x", digest=digest)


IMAGE = f"docker.io/library/python:3.11-slim@{Digest.of(b'image')}"


def statement(build: Build, **changes: object) -> str:
    """The statement that cosign wraps a predicate in."""
    made = {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": "https://slsa.dev/provenance/v1",
        "subject": [{"name": "x", "digest": {"sha256": Digest.of(b"it").hex}}],
        "predicate": json.loads(predicate(build)),
    }
    return json.dumps(made | changes)


def test_what_was_recorded_is_read_again() -> None:
    images = [
        Dependency.of_image("python", Reference.parse(IMAGE)),
        Dependency.of_image("git", Reference.parse(f"ghcr.io/a/git@{Digest.of(b'git')}")),
    ]
    source = Dependency.of_commit("git+file:.", "a" * 40)
    recorded = read(statement(replace(BUILD, dependencies=[source, *images])))
    assert recorded.subject == Digest.of(b"it")
    assert recorded.commit == "a" * 40
    assert recorded.images == {"python": IMAGE, "git": f"ghcr.io/a/git@{Digest.of(b'git')}"}
    assert recorded.builder_version == {"slipway": "0.1.0"}
    assert recorded.build_type is BuildType.MODEL
    assert recorded.builder_id == "https://example.com/laptop"
    assert recorded.parameters == BUILD.parameters
    assert recorded.finished == BUILD.finished.replace(microsecond=0)


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("buildType", "tag:else", "no kind of build"),
        ("externalParameters", {"x": 1}, "unknown field"),
    ],
)
def test_a_build_that_is_not_understood_is_refused(key: str, value: object, why: str) -> None:
    source = Dependency.of_commit("git+file:.", "a" * 40)
    said = json.loads(statement(replace(BUILD, dependencies=[source])))
    said["predicate"]["buildDefinition"][key] = value
    with pytest.raises(DataError, match=why):
        read(json.dumps(said))


def test_an_image_is_named_by_its_package_url() -> None:
    found = Dependency.of_image("python", Reference.parse(IMAGE))
    digest = Digest.of(b"image").hex
    assert found.digest == {"sha256": digest}
    assert found.uri == (
        f"pkg:oci/python@sha256%3A{digest}?repository_url=docker.io/library/python&tag=3.11-slim"
    )
    with pytest.raises(DataError, match="has no digest"):
        Dependency.of_image("python", Reference.parse("docker.io/library/python:3.11"))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"predicateType": "https://example.com/other"}, "no provenance"),
        ({"subject": []}, "not about one artifact"),
        ({"subject": [{"digest": {"sha256": "x"}}] * 2}, "not about one artifact"),
        ({"predicate": {}}, "buildDefinition is missing"),
    ],
)
def test_what_is_no_provenance_of_ours_is_refused(changes: dict[str, object], why: str) -> None:
    source = Dependency.of_commit("git+file:.", "a" * 40)
    with pytest.raises(DataError, match=why):
        read(statement(replace(BUILD, dependencies=[source]), **changes))


@pytest.mark.parametrize("uri", ["pkg:oci/python", "pkg:oci/p@sha256%3Aab"])
def test_a_dependency_that_names_no_image_is_refused(uri: str) -> None:
    source = Dependency.of_commit("git+file:.", "a" * 40)
    other = Dependency.of("python", uri, Digest.of(b""))
    with pytest.raises(DataError):
        read(statement(replace(BUILD, dependencies=[source, other])))


def test_of_several_builds_of_the_same_bits_the_last_one_of_the_commit_counts() -> None:
    def built(commit: str, seconds: int, project: str = "x") -> str:
        source = Dependency.of_commit("git+file:.", commit)
        finished = BUILD.finished + dt.timedelta(seconds=seconds)
        changes = {
            "dependencies": [source],
            "finished": finished,
            "parameters": {"project": project},
        }
        return statement(replace(BUILD, **changes))  # type: ignore[arg-type]

    own, other = "a" * 40, "b" * 40
    early, late, foreign = built(own, 0), built(own, 1), built(other, 2)
    for order in ([early, late, foreign], [foreign, late, early], [late, early, late]):
        found = newest(order, commit=own)
        assert (found.commit, found.finished.second) == (own, late_second())
    with pytest.raises(DataError, match="two builds of one second"):
        newest([early, built(own, 0, "y")], commit=own)
    with pytest.raises(DataError, match="no provenance, only of another commit"):
        newest([foreign], commit=own)
    with pytest.raises(DataError, match="no provenance"):
        newest([], commit=own)


def late_second() -> int:
    """The second in which the late build finished."""
    return (BUILD.finished + dt.timedelta(seconds=1)).second
