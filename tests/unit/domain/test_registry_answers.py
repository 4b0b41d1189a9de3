"""What registry clients say, and what a person is told to do about it."""

from __future__ import annotations

import pytest
from slipway.domain.registry_answers import absent, explain

HOST = "localhost:5050"


@pytest.mark.parametrize(
    ("said", "fact", "remedy"),
    [
        (
            "Error: PUT http://localhost:5050/v2/: UNAUTHORIZED: authentication required",
            "refuses the credentials",
            "--password",
        ),
        ("dial tcp 127.0.0.1:5050: connect: connection refused", "does not answer", "--registry"),
        ("dial tcp: lookup nowhere.invalid: no such host", "does not answer", "--registry"),
        ("write /var/lib/registry: no space left on device", "no space left", "Free some"),
        ("tls: x509: certificate signed by unknown authority", "not trusted", "Trust"),
        ("unexpected status code 500 Internal Server Error", "broke off", "Look at its log"),
        ("something new\nand odd", "the registry fails: and odd", ""),
        ("", "it says nothing", ""),
    ],
)
def test_a_failure_is_told_with_its_remedy(said: str, fact: str, remedy: str) -> None:
    told = str(explain(said, HOST))
    assert fact in told
    assert remedy in told
    assert HOST in told


def test_what_is_not_there_is_no_failure() -> None:
    assert absent("GET https://x/v2/a/manifests/b: MANIFEST_UNKNOWN: manifest unknown")
    assert absent("unexpected status code 404 Not Found")
    assert not absent("connection refused")
