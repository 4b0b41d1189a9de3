"""Reads what a registry client says when a request fails, and says what to do.

The words are those of go-containerregistry (crane, cosign): error codes of the OCI distribution
specification 1.1, "Error Codes", and of Go's network errors.
"""

from __future__ import annotations

import re

from ..errors import RegistryError

_ABSENT = re.compile(r"MANIFEST_UNKNOWN|NAME_UNKNOWN|404 Not Found|status code 404", re.IGNORECASE)
_CAUSES = (
    (
        re.compile(r"UNAUTHORIZED|DENIED|401|403 Forbidden|authentication required", re.IGNORECASE),
        "refuses the credentials",
        "Check --username and --password, and that they may push there",
    ),
    (
        re.compile(
            r"connection refused|no such host|i/o timeout|network is unreachable|no route to host"
            r"|context deadline exceeded|connection reset",
            re.IGNORECASE,
        ),
        "does not answer",
        "Check --registry, and that it is running and in reach of the engine",
    ),
    (
        re.compile(r"no space left|insufficient storage|507|quota", re.IGNORECASE),
        "has no space left",
        "Free some; nothing was tagged, and running the same command again goes on",
    ),
    (
        re.compile(r"x509|certificate|http: server gave HTTP response to HTTPS", re.IGNORECASE),
        "has a certificate that is not trusted, or speaks plain HTTP",
        "Trust its authority on the engine's machine, or pass --registry-service",
    ),
    (
        re.compile(r"50[0234]|UNKNOWN", re.IGNORECASE),
        "broke off in the middle (its disk may be full)",
        "Look at its log; nothing was tagged, and running the same command again goes on",
    ),
)


def absent(said: str) -> bool:
    """Whether the registry answered that there is no such thing, which is no failure of the
    registry.
    """
    return _ABSENT.search(said) is not None


def explain(said: str, host: str) -> RegistryError:
    """The error for what a client said about the registry at `host`."""
    for pattern, fact, remedy in _CAUSES:
        if pattern.search(said):
            return RegistryError(f"the registry {fact}", where=host, remedy=remedy)
    last = (said.strip().splitlines() or ["it says nothing"])[-1]
    return RegistryError(f"the registry fails: {last[:300]}", where=host)
