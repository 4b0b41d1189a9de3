"""policy.yaml: what it may say, and that it may not say nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway.errors import ConfigError
from slipway.policy.document import Policy, parse

from ...support.cases import POLICY

ROOT = Path(__file__).parents[3]
SIGNER = '{name: developer, key: embedded, builders: ["tag:slipway,2026:builder/local"]}'


def wrong(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return str(caught.value)


@pytest.mark.parametrize("path", ["policy.yaml", "examples/minimal/policy.yaml"])
def test_our_own_are_policies(path: str) -> None:
    policy = parse((ROOT / path).read_text(encoding="utf-8"))
    assert all(environment.gates for environment in policy.environments)


def test_an_environment_is_found_by_name_and_has_its_signers() -> None:
    policy = parse(POLICY)
    dev = policy.environment("dev")
    assert [signer.name for signer in policy.signers_of(dev)] == ["developer"]
    with pytest.raises(ConfigError, match=r"no environment 'prod'.*It has: dev"):
        policy.environment("prod")


@pytest.mark.parametrize(
    "text", ["", "version: 1\n", "{}", "version: 1\nsigners: []\nenvironments: []\n", "[]", "null"]
)
def test_an_empty_policy_is_an_error(text: str) -> None:
    assert wrong(text)


MISTAKES = [
    (SIGNER, '{name: developer, key: "", builders: ["tag:a"]}', "key"),
    (SIGNER, "{name: developer, key: embedded, builders: []}", "builders is empty"),
    (SIGNER, "{name: developer, key: /etc/x, builders: [tag:abc]}", "public key's path"),
    (SIGNER, "{name: developer, builders: [tag:abc]}", "has to be given"),
    (SIGNER, '{name: developer, identity: ".*", issuer: "https://a.b", builders: [tag:abc]}', "exact"),
    (SIGNER, '{name: developer, identity: "https://a.b", issuer: ".*", builders: [tag:abc]}', "exact"),
    (SIGNER, '{name: developer, identity: "https://a.b/*", issuer: "https://a.b", builders: [tag:abc]}', "exact"),
    (SIGNER, '{name: developer, identity: "ann@example.com", builders: [tag:abc]}', "belong together"),
    (SIGNER, '{name: developer, key: embedded, builders: [".*"]}', "exact"),
    (SIGNER, f"{SIGNER}\n  - {SIGNER}", "twice"),
    ("signers: [developer]", "signers: []", "nobody could sign"),
    ("signers: [developer]", "signers: [somebody]", "has no 'somebody'"),
    ("      - gate: lint\n", "      - gate: lint\n      - gate: lint\n", "twice"),
    ("severity: high", "severity: extreme", "severity"),
    ("max-age-days: 7", "max-age-days: -1", "max-age-days"),
    ("gate: lint", "gate: LINT!", "expected a name"),
    ("version: 1", "version: 2", "version"),
    ("name: dev\n", "name: dev\n    allowed: [everything]\n", "allow-dirty"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "why"), MISTAKES)
def test_what_would_let_too_much_pass_is_an_error(old: str, new: str, why: str) -> None:
    assert old in POLICY
    assert why in wrong(POLICY.replace(old, new, 1))


WAIVER = "id: CVE-1, gate: scan, environment: dev, reason: r, owner: ann, expires: 2026-12-01"


WAIVER_MISTAKES = [
    ("reason: r", "reason: ' '", "a few words"),
    ("owner: ann, ", "", "owner"),
    ("expires: 2026-12-01", "expires: never", "date"),
    ("environment: dev", "environment: prod", "has no 'prod'"),
    ("id: CVE-1", "id: '*'", "id of a finding"),
    ("id: CVE-1", "release: sha256:12, id: CVE-1", "a digest such as"),
]


@pytest.mark.parametrize(("old", "new", "why"), WAIVER_MISTAKES)
def test_a_waiver_says_who_why_where_and_until_when(old: str, new: str, why: str) -> None:
    assert parse(f"{POLICY}waivers:\n  - {{{WAIVER}}}\n").waivers
    assert why in wrong(f"{POLICY}waivers:\n  - {{{WAIVER.replace(old, new)}}}\n")


@given(st.text(max_size=200))
def test_any_text_is_a_policy_or_an_error(text: str) -> None:
    try:
        policy = parse(text)
    except ConfigError:
        return
    assert isinstance(policy, Policy)
    assert policy.signers
    assert policy.environments
