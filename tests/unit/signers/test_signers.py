"""Which signer the options choose, with what it signs, and with what its signatures are verified."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import pytest
from slipway import signers
from slipway.attestations.statements import PROVENANCE, SBOM
from slipway.errors import ConfigError, VerificationError
from slipway.policy.document import Policy, parse
from slipway.signers import SIGNERS, choose_signer, default_signer
from slipway.signers.base import PRIVATE, SigningOptions
from slipway.signers.cosign import SERVICES, attest_command, sign_commands, verify_commands
from slipway.signers.key import PASSWORD, KeySigner
from slipway.signers.keyless import KeylessSigner
from slipway.signers.kms import KmsSigner
from slipway.signers.verifier import Verifier

# Stand-ins of what the engine would give: only their presence counts here.
THING: Any = object()
PINNED = f"localhost:5050/screening/image@sha256:{'a' * 64}"
POLICY = parse(
    """
version: 1
signers:
  - {name: developer, key: embedded, builders: ["tag:slipway,2026:builder/local"]}
  - {name: ci, identity: "https://ci.example/job", issuer: "https://ci.example", builders: ["tag:x,2026:ci"]}
environments:
  - name: dev
    signers: [developer, ci]
    gates: [{gate: lint}]
"""
)
IDENTITY = {
    "signing_identity": "ci",
    "signing_credentials": THING,
    "signing_config": THING,
    "trusted_root": THING,
}


def test_nothing_is_sent_to_anybody_when_signing() -> None:
    (sign,) = sign_commands(KeySigner(), PINNED)
    attest = attest_command(KeySigner(), PINNED, SBOM, "/p.json")
    for command in (sign, attest):
        assert command[0] == "cosign"
        assert command[-1] == PINNED
        assert set(SERVICES) <= set(command)
        assert command[command.index("--key") + 1] == KeySigner().path
    assert attest[attest.index("--predicate") + 1] == "/p.json"


def test_signature_and_every_kind_are_asked_for_when_verifying() -> None:
    commands = verify_commands(Verifier(pem="PEM"), PINNED, (SBOM, PROVENANCE))
    assert [command[1] for command in commands] == [
        "verify", "verify-attestation", "verify-attestation",
    ]  # fmt: skip
    assert [command[command.index("--type") + 1] for command in commands[1:]] == [
        "cyclonedx", "slsaprovenance1",
    ]  # fmt: skip
    assert all("--key" in command and command[-1] == PINNED for command in commands)


def test_an_identity_is_verified_exactly() -> None:
    verifier = Verifier(identity="https://ci.example/job", issuer="https://ci.example")
    (command,) = verify_commands(verifier, PINNED, ())
    assert command[command.index("--certificate-identity") + 1] == "https://ci.example/job"
    assert command[command.index("--certificate-oidc-issuer") + 1] == "https://ci.example"
    assert "--key" not in command
    assert "--insecure-ignore-tlog" not in command
    assert verifier.mark == ""


@pytest.mark.parametrize("given", [{}, {"pem": " \n"}, {"identity": "x"}, {"issuer": "x"}])
def test_a_verifier_trusts_somebody(given: dict[str, Any]) -> None:
    with pytest.raises(VerificationError, match="no verification key: the key is empty"):
        Verifier(**given)


def test_a_key_without_a_password_asks_for_none() -> None:
    assert KeySigner().secret_options == ()
    assert KeySigner(password=THING).secret_options == ("--secret", f"COSIGN_PASSWORD={PASSWORD}")


def test_no_options_mean_the_embedded_key() -> None:
    assert choose_signer(SigningOptions(), None) == default_signer() == KeySigner()
    given = SigningOptions(signing_key=THING, signing_key_password=THING)
    assert choose_signer(given, None) == KeySigner(secret=THING, password=THING)


def test_a_key_in_a_kms() -> None:
    options = SigningOptions(managed_key="hashivault://slipway", signing_credentials=THING)
    signer = choose_signer(options, None)
    assert isinstance(signer, KmsSigner)
    (command,) = sign_commands(signer, "x@sha256:y")
    assert command[command.index("--key") + 1] == "hashivault://slipway"


def test_an_identity_is_one_of_the_policy() -> None:
    signer = choose_signer(SigningOptions(**IDENTITY), POLICY)
    assert isinstance(signer, KeylessSigner)
    assert (signer.identity, signer.issuer) == ("https://ci.example/job", "https://ci.example")
    command = attest_command(signer, "x@sha256:y", "tag:a", "/p.json")
    assert "--key" not in command
    # Nobody is there to open a browser.
    assert command[command.index("--fulcio-auth-flow") + 1] == "token"


def test_a_model_s_folder_is_signed_by_all_but_a_kms() -> None:
    kms = SigningOptions(managed_key="hashivault://slipway", signing_credentials=THING)
    assert choose_signer(kms, None).model_signing_options() is None
    keyless = choose_signer(SigningOptions(**IDENTITY), POLICY).model_signing_options()
    assert keyless is not None
    assert keyless[0] == "--environment"
    key = KeySigner(secret=THING, password=THING).model_signing_options()
    assert key == (
        "--key",
        "/run/slipway/keys/cosign.key",
        "--password",
        PASSWORD,
        "--private",
        PRIVATE,
    )


EXCLUSIVE = "--signing-key, --managed-key and --signing-identity are mutually exclusive"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"signing_key": THING, "managed_key": "hashivault://a"}, [EXCLUSIVE, "(--signing-key, --managed-key)"]),
        ({"signing_key": THING, **IDENTITY}, [EXCLUSIVE, "(--signing-key, --signing-identity)"]),
        ({"managed_key": "hashivault://a"}, ["--managed-key requires --signing-credentials"]),
        ({"managed_key": "cosign.key", "signing_credentials": THING},
         ["'cosign.key' is not the URI of a key in Vault or a KMS"]),
        ({"managed_key": "hashivault://", "signing_credentials": THING},
         ["'hashivault://' is not the URI of a key in Vault or a KMS"]),
        ({"managed_key": "hashivault://a", "signing_credentials": THING, "signing_config": THING},
         ["--signing-config is only valid with --signing-identity"]),
        ({"managed_key": "hashivault://a", "signing_credentials": THING, "trusted_root": THING},
         ["--trusted-root is only valid with --signing-identity"]),
        ({"signing_credentials": THING},
         ["--signing-credentials is only valid with --managed-key or --signing-identity"]),
        ({"signing_config": THING, "trusted_root": THING},
         ["--signing-config and --trusted-root are only valid with --signing-identity"]),
        ({"signing_key": THING, "signing_credentials": THING, "trusted_root": THING},
         ["--signing-credentials is only valid with", "--trusted-root is only valid with"]),
        ({**IDENTITY, "trusted_root": None}, ["--signing-identity requires --trusted-root"]),
        ({**IDENTITY, "signing_credentials": None, "signing_config": None},
         ["--signing-identity requires --signing-credentials and --signing-config"]),
        ({"signing_identity": "ci"},
         ["requires --signing-credentials, --signing-config and --trusted-root"]),
        ({**IDENTITY, "signing_key_password": THING},
         ["--signing-key-password is only valid with --signing-key"]),
        ({**IDENTITY, "signing_identity": "developer"}, ["no keyless signer 'developer'", "policy.yaml has: ci"]),
        ({**IDENTITY, "signing_identity": "nobody"}, ["policy.yaml has: ci"]),
    ],
)  # fmt: skip
def test_options_that_do_not_go_together_are_refused(
    given: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        choose_signer(SigningOptions(**given), POLICY)
    for word in words:
        assert word in str(caught.value)


def test_every_option_belongs_to_a_signer() -> None:
    named = {name for kind in SIGNERS for name in (kind.selector, *kind.requires, *kind.accepts)}
    assert named == {each.name for each in fields(SigningOptions)}
    assert all(kind.title for kind in SIGNERS)


@dataclass(frozen=True, kw_only=True)
class ToySigner(KmsSigner):
    """A signer as a new file would bring one: keys of a KMS that has a scheme of its own."""

    title: ClassVar[str] = "a toy"

    @classmethod
    def selected_by(cls, options: SigningOptions) -> bool:
        """Whether the key is a toy's."""
        return (options.managed_key or "").startswith("toy://")

    @classmethod
    def from_options(cls, options: SigningOptions, policy: Policy | None) -> Self:
        """The toy."""
        del policy
        return cls(uri=options.managed_key or "", credentials=options.signing_credentials or THING)


def test_a_new_signer_is_one_file_and_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    first, *others = SIGNERS
    monkeypatch.setattr(signers, "SIGNERS", (first, ToySigner, *others))
    toy = SigningOptions(managed_key="toy://x", signing_credentials=THING)
    assert isinstance(choose_signer(toy, None), ToySigner)
    vault = SigningOptions(managed_key="hashivault://x", signing_credentials=THING)
    assert type(choose_signer(vault, None)) is KmsSigner
    with pytest.raises(ConfigError, match="--managed-key requires --signing-credentials"):
        choose_signer(SigningOptions(managed_key="toy://x"), None)
    with pytest.raises(ConfigError, match="mutually exclusive"):
        choose_signer(SigningOptions(managed_key="toy://x", signing_key=THING), None)
