"""Digests and references, by the grammar of the OCI distribution specification.

Source of the grammar: github.com/distribution/reference, `reference.go` and `regexp.go`. Two
things are asked for beyond it: the registry's host is always written out (no `docker.io` by
default: a digest has to be found again in the place it was pushed to), and digests are sha256.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace

from ..errors import InvalidReference

_HEX = re.compile(r"[0-9a-f]{64}")
_LABEL = r"(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:]+\])(?::(?P<port>[0-9]{{1,5}}))?")
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_NAME_LIMIT = 255
_REFERENCE_LIMIT = 1024
_SHOWN = 120


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Digest:
    """A sha256 digest; `hex` is its 64 lower-case digits, `str()` the whole `sha256:…`."""

    hex: str

    def __post_init__(self) -> None:
        if not _HEX.fullmatch(self.hex):
            raise InvalidReference(
                f"{_quoted(self.hex)} is not a sha256 digest",
                remedy="A digest is sha256: and 64 lower-case hexadecimal digits",
            )

    @classmethod
    def of(cls, content: bytes) -> Digest:
        """The digest of `content`."""
        return cls(hex=hashlib.sha256(content).hexdigest())

    @classmethod
    def parse(cls, text: str) -> Digest:
        """`sha256:…` as a digest; anything else is an `InvalidReference`."""
        algorithm, colon, digits = text.partition(":")
        if not colon or algorithm != "sha256":
            raise InvalidReference(
                f"{_quoted(text)} is not a sha256 digest",
                remedy="A digest is sha256: and 64 lower-case hexadecimal digits",
            )
        return cls(hex=digits)

    def __str__(self) -> str:
        return f"sha256:{self.hex}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """`host[:port]/repository[:tag][@digest]`. Make one with `parse`, which checks every part."""

    registry: str
    repository: str
    tag: str | None = None
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> Reference:
        """The parts of a reference; an `InvalidReference` says which part is wrong."""
        if len(text) > _REFERENCE_LIMIT:
            raise _wrong(text, f"it is longer than {_REFERENCE_LIMIT} characters")
        name, at, digest = text.partition("@")
        registry, slash, path = name.partition("/")
        if not slash or not _is_host(registry):
            raise _wrong(
                text, "it does not begin with a registry's host, as in localhost:5050/name"
            )
        repository, colon, tag = path.partition(":")
        if (
            not _REPOSITORY.fullmatch(repository)
            or len(registry) + 1 + len(repository) > _NAME_LIMIT
        ):
            raise _wrong(
                text, f"{_quoted(repository)} is not a repository name (lower case, at most 255)"
            )
        if colon and not is_tag(tag):
            raise _wrong(text, f"{_quoted(tag)} is not a tag")
        return cls(
            registry=registry,
            repository=repository,
            tag=tag if colon else None,
            digest=Digest.parse(digest) if at else None,
        )

    @property
    def name(self) -> str:
        """`host[:port]/repository`, without tag and digest."""
        return f"{self.registry}/{self.repository}"

    @property
    def is_pinned(self) -> bool:
        """Whether a digest says which content is meant."""
        return self.digest is not None

    @property
    def pinned(self) -> str:
        """`repository@sha256:…`, the only form that leaves a stage; an `InvalidReference` without
        a digest.
        """
        if self.digest is None:
            raise InvalidReference(
                f"{self} names no digest",
                remedy="Tags can move: write the reference as repository@sha256:…",
            )
        return f"{self.name}@{self.digest}"

    def with_digest(self, digest: Digest) -> Reference:
        """The same repository at that digest; the tag is dropped, since the digest decides."""
        return replace(self, tag=None, digest=digest)

    def with_tag(self, tag: str) -> Reference:
        """The same repository at that tag, without a digest."""
        if not is_tag(tag):
            raise _wrong(f"{self.name}:{tag}", f"{_quoted(tag)} is not a tag")
        return replace(self, tag=tag, digest=None)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag is not None else ""
        digest = f"@{self.digest}" if self.digest is not None else ""
        return f"{self.name}{tag}{digest}"


def is_tag(text: str) -> bool:
    """Whether `text` is a tag: 1 to 128 of letters, digits, `_`, `.`, `-`, and no `.` or `-`
    first.
    """
    return _TAG.fullmatch(text) is not None


def commit_tag(commit: str) -> str:
    """The tag of a release: the whole commit SHA (SHA-1 or SHA-256). An abbreviated one is
    refused.
    """
    if not _COMMIT.fullmatch(commit):
        raise InvalidReference(
            f"{_quoted(commit)} is not a whole commit SHA",
            remedy="Give all 40 (or 64) hexadecimal digits: git rev-parse HEAD",
        )
    return commit


def _is_host(text: str) -> bool:
    """Whether the first part is a host: a dot, a port or `localhost` tell it from a repository
    name.
    """
    match = _HOST.fullmatch(text)
    if match is None or not (text == "localhost" or any(mark in text for mark in ".:")):
        return False
    return match["port"] is None or 0 < int(match["port"]) < 65536


def _wrong(text: str, why: str) -> InvalidReference:
    return InvalidReference(
        f"{_quoted(text)} is not a reference: {why}",
        remedy="Write it as host[:port]/repository[:tag][@sha256:…]",
    )


def _quoted(text: str) -> str:
    """`text` for a message: quoted, control characters escaped, cut to a length a line bears."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
