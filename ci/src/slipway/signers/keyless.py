"""Who signs without a key of their own: a key that a service keeps, and an identity.

A managed key never leaves its service (Vault's transit engine, a KMS of a cloud): cosign has it sign. An identity signs
with a key that lives for one signature: Fulcio certifies that the token's bearer made it, Rekor logs the signature, a
timestamp authority says when (docs.sigstore.dev, "Security Model"). Which services, and which roots, say the two files
that Sigstore publishes for its clients.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import dagger

from ..errors import ConfigError
from ..policy import document as policies
from ..runtime.stage import StageRunner
from ..runtime.tools import Tools
from .cosign import CONFIG, ROOT, Key, Signer, Verifier, offline, printed_key

CREDENTIALS: Final = "/run/slipway/signing-credentials"
# cosign's schemes of keys whose credentials are environment variables (docs.sigstore.dev, "KMS plugins").
_MANAGED: Final = re.compile(r"(?:hashivault|awskms|azurekms)://\S+")


@dataclass(frozen=True, kw_only=True)
class Keyless:
    """Whoever signs with what a service gives: the lines NAME=value that it asks for.

    `services` are those that only steps of this engine reach, by the name that steps call them.
    """

    credentials: dagger.Secret
    services: Mapping[str, dagger.Service] = field(default_factory=dict)

    @property
    def handed(self) -> tuple[str, ...]:
        """The option of `inside.sequence` that hands the credentials to cosign."""
        return ("--environment", CREDENTIALS)

    def reaching(self, container: dagger.Container) -> dagger.Container:
        """The container with the credentials, and with those services in reach."""
        for name, service in self.services.items():
            container = container.with_service_binding(name, service)
        return container.with_mounted_secret(CREDENTIALS, self.credentials)


@dataclass(frozen=True, kw_only=True)
class Managed(Keyless):
    """A key in Vault or a KMS, by cosign's URI of it, and what its service asks for."""

    uri: str

    @property
    def options(self) -> tuple[str, ...]:
        """cosign's options that say who signs."""
        return ("--key", self.uri)

    def mounted(self, container: dagger.Container) -> dagger.Container:
        """The container with the credentials and the offline configuration in place."""
        return self.reaching(offline(container))

    async def verifier(self, tools: Tools, runner: StageRunner) -> Verifier:
        """The public key; raises SigningError where the service does not give it."""
        remedy = "Check --managed-key, and the lines NAME=value of --signing-credentials"
        return Verifier(pem=await printed_key(tools, self, runner, remedy))

    def folder_options(self) -> None:
        """OpenSSF model signing (1.1) takes no key that a service keeps."""


@dataclass(frozen=True, kw_only=True)
class Identity(Keyless):
    """An identity that an issuer vouches for: what its tokens are had with, and Sigstore's files."""

    identity: str
    issuer: str
    config: dagger.File
    root: dagger.File

    @property
    def options(self) -> tuple[str, ...]:
        """cosign's options that say who signs: nobody is asked to open a browser."""
        return ("--fulcio-auth-flow", "token")

    def mounted(self, container: dagger.Container) -> dagger.Container:
        """The container with the credentials, the services' addresses and the roots."""
        return (
            self.reaching(container)
            .with_mounted_file(CONFIG, self.config)
            .with_mounted_file(ROOT, self.root)
        )

    async def verifier(self, tools: Tools, runner: StageRunner) -> Verifier:
        """This very identity, under the roots that it signs with."""
        del tools, runner
        return Verifier(identity=self.identity, issuer=self.issuer, root=self.root)

    def folder_options(self) -> tuple[str, ...]:
        """The options of `inside.model_signature`."""
        return ("--environment", CREDENTIALS, "--signing-config", CONFIG, "--trusted-root", ROOT)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a person said about who signs; nothing at all means the embedded key."""

    key: dagger.Secret | None = None
    key_password: dagger.Secret | None = None
    managed_key: str | None = None
    identity: str | None = None
    credentials: dagger.Secret | None = None
    config: dagger.File | None = None
    root: dagger.File | None = None

    def signer(self, policy: policies.Policy | None) -> Signer:
        """Who signs; raises ConfigError where it is several, or where something is missing for it."""
        ways = {
            "--key": self.key is not None,
            "--managed-key": self.managed_key is not None,
            "--identity": self.identity is not None,
        }
        given = [name for name, there in ways.items() if there]
        if len(given) > 1:
            raise ConfigError(
                f"one signs, not {len(given)}", where=", ".join(given), remedy="Pass one of them"
            )
        if self.identity is not None:
            return self._by_identity(self.identity, policy)
        _only_with("--identity", {"--signing-config": self.config, "--trusted-root": self.root})
        if self.managed_key is not None:
            return self._managed(self.managed_key)
        unused = {"--signing-credentials": self.credentials}
        _only_with("--managed-key and --identity", unused)
        return Key(secret=self.key, password=self.key_password)

    def _managed(self, uri: str) -> Managed:
        if not _MANAGED.fullmatch(uri):
            raise ConfigError(
                f"{uri!r} is no key that a service keeps",
                where="--managed-key",
                remedy="Write it as cosign does: hashivault://NAME, awskms://HOST/KEY, azurekms://VAULT/KEY",
            )
        if self.credentials is None:
            raise _lacking("--managed-key", {"--signing-credentials": None})
        return Managed(uri=uri, credentials=self.credentials)

    def _by_identity(self, name: str, policy: policies.Policy | None) -> Identity:
        signers = policy.signers if policy else ()
        known = {each.name: each for each in signers if each.identity}
        if name not in known:
            there = ", ".join(known) or "none"
            raise ConfigError(
                f"the policy has no signer {name!r} who is an identity",
                where="--identity",
                remedy=f"{policies.FILE} has: {there}",
            )
        if self.credentials is None or self.config is None or self.root is None:
            needed = {
                "--signing-credentials": self.credentials,
                "--signing-config": self.config,
                "--trusted-root": self.root,
            }
            raise _lacking("--identity", needed)
        return Identity(
            identity=known[name].identity,
            issuer=known[name].issuer,
            credentials=self.credentials,
            config=self.config,
            root=self.root,
        )


def _lacking(option: str, others: Mapping[str, object]) -> ConfigError:
    missing = [name for name, value in others.items() if value is None]
    return ConfigError(
        f"{option} needs {' and '.join(missing)}",
        where=option,
        remedy="docs/signing.md shows what to pass",
    )


def _only_with(option: str, others: Mapping[str, object]) -> None:
    given = [name for name, value in others.items() if value is not None]
    if given:
        raise ConfigError(
            f"{' and '.join(given)} go with {option} only",
            where=given[0],
            remedy="docs/signing.md shows what to pass",
        )
