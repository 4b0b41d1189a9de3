"""What registry clients say, and what a person is told to do about it."""

from __future__ import annotations

import pytest
from slipway.oci.registry_errors import absent, explain, of_registry

HOST = "localhost:5050"


@pytest.mark.parametrize(
    ("said", "fact", "remedy"),
    [
        (
            "Error: PUT http://localhost:5050/v2/: UNAUTHORIZED: authentication required",
            "refuses the credentials",
            "--registry-password",
        ),
        ("dial tcp 127.0.0.1:5050: connect: connection refused", "does not answer", "--registry"),
        ("dial tcp: lookup nowhere.invalid: no such host", "does not answer", "--registry"),
        ("write /var/lib/registry: no space left on device", "no space left", "Free some"),
        (
            "GET http://localhost:5050/v2/a/manifests/b: MANIFEST_UNKNOWN: manifest unknown",
            "no such artifact",
            "Check the reference",
        ),
        ("tls: x509: certificate signed by unknown authority", "not trusted", "Trust"),
        ("unexpected status code 500 Internal Server Error", "broke off", "Look at its log"),
        (
            # distribution 2.8 on a full disk; the digest and the port hold figures that are no status
            "POST http://localhost:5000/v2/a/blobs/uploads/: UNKNOWN: unknown error; "
            "map[DriverName:filesystem Enclosed:map[Err:28 Op:write Path:/x/sha256/4015072e401]]",
            "no space left",
            "Free some",
        ),
        (f"pushing localhost:5000/a@sha256:{'401' * 20}abcd: odd", "the registry fails", ""),
        (
            'manifest digest: "sha256:1" does not match requested digest: "sha256:2"',
            "other content than was asked for",
            "Do not use",
        ),
        (
            'Get "http://169.254.169.254/": SSRF protection: redirect from "r" to host "x" denied',
            "inside their own network",
            "Do not use",
        ),
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


def test_an_error_names_the_request_where_it_is_about_the_registry() -> None:
    assert of_registry("signing digest: POST http://x:5000/v2/: UNKNOWN: unknown error")
    assert of_registry('Get "https://x/v2/": dial tcp: connection refused')
    assert not of_registry("reading key: decrypt: encrypted: decryption failed")
