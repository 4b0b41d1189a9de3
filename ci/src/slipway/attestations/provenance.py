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
from urllib.parse import parse_qs, quote, unquote, urlsplit

from ..errors import DataError
from ..formats.fields import Fields, canonical
from ..formats.times import moment, written
from ..oci.digests import Digest, Reference, commit_tag

PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
_SOURCE = "source"
BASE = "base"  # the image that an image stands on; beside the same one as a tool
_URI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s]+")
_HASH = re.compile(r"[0-9a-f]{32,128}")


class BuildType(Enum):
    """What kind of build it was; the value is the URI that names the kind."""

    MODEL = "tag:slipway,2026:buildtype/model/v1"
    IMAGE = "tag:slipway,2026:buildtype/image/v1"
    PLAN = "tag:slipway,2026:buildtype/plan/v1"


# The external parameters of each kind, all of them: a verifier refuses what it does not know (SLSA v1.0, "Verifying
# artifacts", step 2).
PARAMETERS: Mapping[BuildType, tuple[str, ...]] = {
    BuildType.MODEL: ("metric", "project", "threshold"),
    BuildType.IMAGE: ("project",),
    BuildType.PLAN: ("engine", "project", "stack"),
}


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
        return cls(name=_SOURCE, uri=uri, digest={"gitCommit": commit})

    @classmethod
    def of_image(cls, name: str, image: Reference) -> Dependency:
        """A tool image, named by its package URL (purl specification, type `oci`)."""
        if image.digest is None:
            return cls(name=name, uri=f"pkg:oci/{name}", digest={})
        last = image.repository.rpartition("/")[2]
        tag = f"&tag={image.tag}" if image.tag else ""
        version = quote(str(image.digest), safe="")
        uri = f"pkg:oci/{last}@{version}?repository_url={quote(image.name, safe='/')}{tag}"
        return cls.of(name, uri, image.digest)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What the provenance of an artifact says of its making, as far as making it again needs it."""

    subject: Digest
    build_type: BuildType
    builder_id: str
    parameters: Mapping[str, object]
    commit: str
    images: Mapping[str, str]
    """A tool's name to its image, `repository[:tag]@sha256:…`."""
    builder_version: Mapping[str, str]
    finished: dt.datetime


def newest(
    statements: Sequence[str | bytes], *, commit: str, where: str = "provenance"
) -> Recorded:
    """What the last of several builds of the same bits out of a commit recorded: its inputs are the likeliest to be
    had still.

    A `DataError` where there is none, or two of the same second that say different things.
    """
    records = [read(each, where=where) for each in statements]
    found = sorted(
        (each for each in records if each.commit == commit), key=lambda each: each.finished
    )
    if not found:
        other = f", only of another commit, {records[0].commit}" if records else ""
        raise DataError(f"there is no provenance{other}", where=where)
    if any(each.finished == found[-1].finished and each != found[-1] for each in found):
        raise DataError("two builds of one second recorded different things", where=where)
    return found[-1]


def read(statement: str | bytes, *, where: str = "provenance") -> Recorded:
    """What a statement of ours records (in-toto attestation framework 1.0, "Statement").

    A `DataError` for a statement of another type, about several artifacts, or without one commit.
    """
    fields = Fields.parse(statement, where=where)
    if fields.text("predicateType") != PREDICATE_TYPE:
        raise DataError(f"this is {fields.text('predicateType')}, no provenance", where=where)
    subjects = fields.items("subject")
    inner = fields.inner("predicate")
    definition = inner.inner("buildDefinition")
    dependencies = definition.items("resolvedDependencies")
    commits = [
        item.inner("digest").text("gitCommit")
        for item in dependencies
        if item.text("name") == _SOURCE
    ]
    if len(subjects) != 1 or len(commits) != 1:
        raise DataError("this provenance is not about one artifact of one commit", where=where)
    purls = {item.text("name"): item.text("uri") for item in dependencies}
    build_type = _build_type(definition.text("buildType"), where)
    external = definition.inner("externalParameters")
    details = inner.inner("runDetails")
    builder = details.inner("builder")
    return Recorded(
        subject=Digest.parse(f"sha256:{subjects[0].inner('digest').text('sha256')}"),
        build_type=build_type,
        builder_id=builder.text("id"),
        parameters=external.only(PARAMETERS[build_type]).values,  # refusal 06
        commit=commit_tag(commits[0]),
        images={
            name: _image(uri, where)
            for name, uri in purls.items()
            if uri.startswith("pkg:oci/") and name != BASE
        },
        builder_version=builder.text_map("version") if "version" in builder.values else {},
        finished=moment(details.inner("metadata").text("finishedOn"), where=where),
    )


def _build_type(text: str, where: str) -> BuildType:
    try:
        return BuildType(text)
    except ValueError:
        raise DataError(f"{text!r} is no kind of build of ours", where=where) from None


def _image(purl: str, where: str) -> str:
    """The image behind a package URL."""
    parts = urlsplit(purl)
    query = parse_qs(parts.query)
    version = unquote(parts.path.partition("@")[2])
    if parts.scheme != "pkg" or "repository_url" not in query or not version:
        raise DataError(f"{purl} names no image with its repository and digest", where=where)
    tag = f":{query['tag'][0]}" if "tag" in query else ""
    return str(Reference.parse(f"{query['repository_url'][0]}{tag}@{version}"))


def predicate(build: Build) -> bytes:
    """The predicate as deterministic JSON bytes, dependencies in the order of their names.

    A `DataError` for a builder without a URI, a build without dependencies, a parameter that is no
    plain value, or times that are not in order or without a time zone.
    """
    _check(build)
    builder: dict[str, object] = {"id": build.builder_id}
    if build.builder_version:
        builder["version"] = dict(build.builder_version)
    metadata = {"startedOn": written(build.started), "finishedOn": written(build.finished)}
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
    unknown = sorted(set(build.parameters) - set(PARAMETERS[build.build_type]))
    if unknown:
        raise DataError(
            f"the parameter {unknown[0]} is none of a {build.build_type.name.lower()}'s"
        )
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
