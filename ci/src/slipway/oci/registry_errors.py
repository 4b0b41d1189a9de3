"""Reads what a registry client says when a request fails, and says what to do.

The words are those of go-containerregistry (crane, cosign): error codes of the OCI distribution
specification 1.1, "Error Codes", and of Go's network errors.
"""

from __future__ import annotations

import re

from ..errors import RegistryError

_ABSENT = re.compile(r"MANIFEST_UNKNOWN|NAME_UNKNOWN|404 Not Found|status code 404", re.IGNORECASE)
# A request that a client names: `POST http://…`, or Go's `Get "https://…": dial tcp …`.
_REQUEST = re.compile(r"\b(?:GET|HEAD|POST|PUT|PATCH|DELETE) \"?https?://", re.IGNORECASE)
# Numbers stand alone: a digest or a port may hold the same figures. Err:28 is ENOSPC, as distribution prints it.
_CAUSES = (
    (
        _ABSENT,
        "has no such artifact",
        "Check the reference: `dist/release.json` of the release names it",
    ),
    (
        re.compile(r"does not match requested digest|error verifying sha256 checksum"),
        "answers with other content than was asked for",
        "Do not use this registry",
    ),
    (
        # go-containerregistry's words, where a registry redirects to an address inside of our own network.
        re.compile(r"SSRF protection"),
        "sends its clients to an address inside their own network",
        "Do not use this registry",
    ),
    (
        re.compile(
            r"UNAUTHORIZED|DENIED|\b401\b|403 Forbidden|authentication required", re.IGNORECASE
        ),
        "refuses the credentials",
        "Check --registry-user and --registry-password, and that they may push there",
    ),
    (
        re.compile(
            r"connection refused|no such host|i/o timeout|network is unreachable|no route to host"
            r"|context deadline exceeded|connection reset",
            re.IGNORECASE,
        ),
        "does not answer",
        "Check --registry-address, and that the registry is running and in reach of the engine",
    ),
    (
        re.compile(r"no space left|\bErr:28\b|insufficient storage|\b507\b|quota", re.IGNORECASE),
        "has no space left",
        "Free some; nothing was tagged, and running the same command again goes on",
    ),
    (
        re.compile(r"x509|certificate|http: server gave HTTP response to HTTPS", re.IGNORECASE),
        "has a certificate that is not trusted, or speaks plain HTTP",
        "Trust its authority on the engine's machine, or pass --registry-service",
    ),
    (
        re.compile(r"\b50[0234]\b|UNKNOWN", re.IGNORECASE),
        "broke off in the middle (its disk may be full)",
        "Look at its log; nothing was tagged, and running the same command again goes on",
    ),
)


def absent(text: str) -> bool:
    """Whether the registry answered that there is no such thing, which is no failure of the
    registry.
    """
    return _ABSENT.search(text) is not None


def of_registry(text: str) -> bool:
    """Whether a client complained of its talk with a registry, rather than of a key or a signature."""
    return _REQUEST.search(text) is not None


def explain(text: str, host: str) -> RegistryError:
    """The error for what a client said about the registry at `host`."""
    for pattern, fact, remedy in _CAUSES:
        if pattern.search(text):
            return RegistryError(f"the registry {fact}", where=host, remedy=remedy)
    return RegistryError(f"the registry fails: {said(text)}", where=host)


def said(text: str) -> str:
    """What a client complained of, in one line: its first `Error:` line, else its last line."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    errors = [line.partition("Error:")[2].strip() for line in lines if "Error:" in line]
    return (errors or lines[-1:] or ["it says nothing"])[0][:300]
