"""SLSA v1 provenance: which build made an artifact, from what, with which parameters.

Source: slsa.dev/spec/v1.0/provenance (predicateType https://slsa.dev/provenance/v1).
`externalParameters` hold what a person chose, as plain values; everything that is content stands
in `resolvedDependencies` with its digest. Times are the caller's. Each kind of artifact has a
buildType of its own, a tag URI (RFC 4151): a name, no address.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from ..errors import DataError
from .digests import Digest
from .fields import canonical

PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
_URI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s]+")
_HASH = re.compile(r"[0-9a-f]{32,128}")


class BuildType(Enum):
    """What kind of build it was; the value is the URI that names the kind."""

    MODEL = "tag:slipway,2026:buildtype/model/v1"
    IMAGE = "tag:slipway,2026:buildtype/image/v1"
    PLAN = "tag:slipway,2026:buildtype/plan/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """What went into a build: a URI and its digests by algorithm (sha256, gitCommit), in
    hexadecimal.
    """

    name: str
    uri: str
    digest: Mapping[str, str]

    @classmethod
    def of(cls, name: str, uri: str, digest: Digest) -> Dependency:
        """A dependency known by its sha256."""
        return cls(name=name, uri=uri, digest={"sha256": digest.hex})

    @classmethod
    def of_commit(cls, uri: str, commit: str) -> Dependency:
        """The source: a Git commit."""
        return cls(name="source", uri=uri, digest={"gitCommit": commit})

    def __post_init__(self) -> None:
        if not self.digest or not all(_HASH.fullmatch(value) for value in self.digest.values()):
            remedy = "What is not known by its digest is not known; pin it"
            raise DataError(f"the dependency {self.name} has no digest", remedy=remedy)
        _uri(self.uri, f"the dependency {self.name}")

    def to_dict(self) -> dict[str, object]:
        """A ResourceDescriptor of in-toto."""
        return {"name": self.name, "uri": self.uri, "digest": dict(self.digest)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One build: its kind, parameters, dependencies, the builder that vouches for it, and its
    times.
    """

    build_type: BuildType
    parameters: Mapping[str, object]
    dependencies: Sequence[Dependency]
    builder_id: str
    started: dt.datetime
    finished: dt.datetime
    invocation_id: str = ""
    builder_version: Mapping[str, str] = field(default_factory=dict)


def predicate(build: Build) -> bytes:
    """The predicate as deterministic JSON bytes, dependencies in the order of their names.

    A `DataError` for a builder without a URI, a build without dependencies, a parameter that is no
    plain value, or times that are not in order or without a time zone.
    """
    _check(build)
    builder: dict[str, object] = {"id": build.builder_id}
    if build.builder_version:
        builder["version"] = dict(build.builder_version)
    metadata = {"startedOn": _time(build.started), "finishedOn": _time(build.finished)}
    if build.invocation_id:
        metadata["invocationId"] = build.invocation_id
    ordered = sorted(build.dependencies, key=lambda each: (each.name, each.uri))
    return canonical(
        {
            "buildDefinition": {
                "buildType": build.build_type.value,
                "externalParameters": dict(build.parameters),
                "internalParameters": {},
                "resolvedDependencies": [each.to_dict() for each in ordered],
            },
            "runDetails": {"builder": builder, "metadata": metadata},
        }
    )


def _check(build: Build) -> None:
    _uri(build.builder_id, "the builder's id")
    if not build.dependencies:
        raise DataError("a build is made of something", remedy="Name the source's commit at least")
    for name, value in build.parameters.items():
        if value is not None and not isinstance(value, str | int | float | bool):
            remedy = "Parameters are values; content belongs to the dependencies, with its digest"
            raise DataError(f"the parameter {name} is no plain value", remedy=remedy)
    if _utc(build.finished) < _utc(build.started):
        raise DataError("the build finished before it began", remedy="Look at the machine's clock")


def _uri(text: str, what: str) -> None:
    if not _URI.fullmatch(text):
        raise DataError(f"{what} is {text!r}, not a URI", remedy="Give one such as https://…")


def _utc(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None:
        raise DataError(f"the time {moment.isoformat()} has no time zone")
    return moment.astimezone(dt.UTC)


def _time(moment: dt.datetime) -> str:
    return _utc(moment).strftime("%Y-%m-%dT%H:%M:%SZ")
