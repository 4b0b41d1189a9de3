"""Who signs and who is trusted, and the command lines of cosign for both.

With a key, offline (cosign 3.1): an empty signing configuration names no service and an empty trusted root trusts none,
so nothing is sent anywhere and nothing is fetched; the key is the only thing that vouches. An own key is here; keys
that a service keeps, and identities, are in `signers`.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Final, Protocol

import dagger
from dagger import CacheSharingMode, dag

from ..attestations.statements import PROVENANCE, SBOM
from ..errors import SigningError, VerificationError
from ..oci.registry_errors import said
from ..runtime.stage import Input, Stage, StageRunner, by_key, never
from ..runtime.tools import Tools
from ..steps.key import PAIR

VOLUME: Final = "slipway-keys"
KEYS: Final = "/run/slipway/keys"
CONFIG: Final = "/run/slipway/signing-config.json"
ROOT: Final = "/run/slipway/trusted-root.json"
PUBLIC: Final = "/run/slipway/cosign.pub"
PASSWORD: Final = "/run/slipway/key-password"  # noqa: S105 - a path
PRIVATE: Final = "/run/private"  # in memory, and gone with the step
EMPTY_CONFIG: Final = (
    '{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json",'
    '"rekorTlogConfig":{},"tsaConfig":{}}'
)
EMPTY_ROOT: Final = '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'
SERVICES: Final = ("--signing-config", CONFIG, "--trusted-root", ROOT, "--yes")
# cosign's names for types of predicates that it knows.
TYPES: Final = {PROVENANCE: "slsaprovenance1", SBOM: "cyclonedx"}
MODEL_SIGNATURE: Final = "/model.sig"
SIGNATURE: Final = "https://sigstore.dev/cosign/sign/v1"


class Signer(Protocol):
    """Who signs a release."""

    @property
    def options(self) -> tuple[str, ...]:
        """cosign's options that say who signs."""

    @property
    def handed(self) -> tuple[str, ...]:
        """The options of `inside.sequence` that hand secrets to cosign."""

    def mounted(self, container: dagger.Container) -> dagger.Container:
        """The container with all that signing needs."""

    async def verifier(self, tools: Tools, runner: StageRunner) -> "Verifier":
        """What a signature of this signer is checked with; raises SigningError where it could not sign."""

    def folder_options(self) -> tuple[str, ...] | None:
        """The options of `inside.model_signature`; None where OpenSSF model signing knows no such signer."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """A signing key: a secret that a person gave, else the embedded one on its volume."""

    secret: dagger.Secret | None = None
    password: dagger.Secret | None = None

    @property
    def path(self) -> str:
        """Where a step finds the private key."""
        return f"{KEYS}/cosign.key" if self.secret else f"{KEYS}/{PAIR}/cosign.key"

    @property
    def options(self) -> tuple[str, ...]:
        """cosign's options that say who signs."""
        return ("--key", self.path)

    def mounted(self, container: dagger.Container) -> dagger.Container:
        """The container with the key, its password and the offline configuration in place."""
        if self.secret is not None:
            container = container.with_mounted_secret(self.path, self.secret)
        else:
            container = container.with_mounted_cache(
                KEYS, dag.cache_volume(VOLUME), sharing=CacheSharingMode.SHARED
            )
        if self.password is None:
            return offline(container).with_env_variable("COSIGN_PASSWORD", "")
        return offline(container).with_mounted_secret(PASSWORD, self.password)

    @property
    def handed(self) -> tuple[str, ...]:
        """The option of `inside.sequence` that hands the password, if there is one, to cosign."""
        return ("--secret", f"COSIGN_PASSWORD={PASSWORD}") if self.password else ()

    async def verifier(self, tools: Tools, runner: StageRunner) -> "Verifier":
        """The public key, as what to trust; raises SigningError where the key cannot be opened."""
        return Verifier(pem=await public_key(tools, self, runner))

    def folder_options(self) -> tuple[str, ...]:
        """The options of `inside.model_signature`."""
        password = ("--password", PASSWORD) if self.password else ()
        return ("--key", self.path, *password, "--private", PRIVATE)


def offline(container: dagger.Container) -> dagger.Container:
    """The container with a signing configuration and a trusted root that name nobody."""
    return container.with_new_file(CONFIG, EMPTY_CONFIG).with_new_file(ROOT, EMPTY_ROOT)


def signing_folder(tools: Tools, signer: Signer, model: Input, mark: str) -> Stage | None:
    """The stage that signs a model's folder by OpenSSF model signing, so that it verifies without a registry; None
    where that cannot be done by this signer.

    `mark` is the signer's (`Verifier.mark`): under the same one, the same files are not signed again; without one they
    always are.
    """
    options = signer.folder_options()
    if options is None:
        return None
    container = signer.mounted(tools.box(locked="signing")).with_mounted_temp(PRIVATE)
    return Stage(
        name="sign-model",
        container=container,
        argv=(
            "python", "-m", "slipway.steps.model_signature", "--folder", model.path, *options,
            "--output", MODEL_SIGNATURE,
        ),
        inputs=(model,),
        cache=by_key(mark) if mark else never(),
    )  # fmt: skip


def sign_commands(signer: Signer, reference: str) -> list[list[str]]:
    """cosign's command that signs a digest."""
    return [["cosign", "sign", *signer.options, *SERVICES, reference]]


def attest_command(signer: Signer, reference: str, kind: str, predicate: str) -> list[str]:
    """cosign's command that attests the predicate (a file) of a type (its URI) to a digest."""
    options = ["--type", TYPES.get(kind, kind), "--predicate", predicate]
    return ["cosign", "attest", *signer.options, *SERVICES, *options, reference]


@dataclass(frozen=True, kw_only=True)
class Verifier:
    """Whom a verification trusts: the holder of a key (PEM), or an exact identity that an exact issuer vouches for."""

    pem: str = ""
    identity: str = ""
    issuer: str = ""
    root: dagger.File | None = None

    def __post_init__(self) -> None:
        if not self.pem.strip() and not (self.identity and self.issuer):  # refusal 17a
            raise VerificationError(
                "there is nobody to trust: the key is empty",
                where="--public-key",
                remedy="Give the public key of whoever signs",
            )

    @property
    def mark(self) -> str:
        """What a holder of a key is known by; nothing for an identity, whose certificates last for minutes."""
        return hashlib.sha256(self.pem.encode()).hexdigest() if self.pem else ""

    def mounted(self, container: dagger.Container) -> dagger.Container:
        """The container with what the verification needs."""
        if self.pem:
            container = container.with_new_file(PUBLIC, self.pem)
        root = self.root
        return (
            offline(container) if root is None else offline(container).with_mounted_file(ROOT, root)
        )

    @property
    def options(self) -> tuple[str, ...]:
        """cosign's options for it."""
        if self.pem:
            return ("--key", PUBLIC, "--trusted-root", ROOT, "--insecure-ignore-tlog")
        identity = ("--certificate-identity", self.identity)
        return (*identity, "--certificate-oidc-issuer", self.issuer, "--trusted-root", ROOT)


def verify_commands(verifier: Verifier, reference: str, types: tuple[str, ...]) -> list[list[str]]:
    """cosign's commands that check the signature and each type of attestation of a digest."""
    asked = ["cosign", "verify-attestation", *verifier.options]
    return [
        ["cosign", "verify", *verifier.options, "--output", "json", reference],
        *([*asked, "--type", TYPES.get(each, each), reference] for each in types),
    ]


async def public_key(tools: Tools, key: Key, runner: StageRunner) -> str:
    """The public key, PEM; makes the embedded pair where there is none.

    Raises SigningError where the key cannot be opened: a wrong password, or no cosign key at all.
    """
    if key.secret is not None:
        return await printed_key(
            tools,
            key,
            runner,
            "Check --key-password, and that the key is one of `cosign generate-key-pair`",
        )
    container = key.mounted(tools.box("cosign"))
    argv = ("python", "-m", "slipway.steps.key", KEYS)
    made = await runner.run_to_success(
        Stage(name="key", container=container, argv=argv, cache=never())
    )
    return made.stdout


async def printed_key(tools: Tools, signer: Signer, runner: StageRunner, remedy: str) -> str:
    """The public key that cosign prints of a key; raises SigningError where it cannot be opened."""
    container = signer.mounted(tools.box("cosign"))
    commands = json.dumps([["cosign", "public-key", *signer.options]])
    stage = Stage(
        name="key",
        container=container.with_new_file("/commands.json", commands),
        argv=(
            "python", "-m", "slipway.steps.sequence", "--commands", "/commands.json",
            *signer.handed,
        ),
        cache=never(),
        accept=(0, 4),
    )  # fmt: skip
    outcome = await runner.run(stage)
    if outcome.exit_code:
        raise SigningError(
            f"the signing key cannot be opened: {said(outcome.stderr)}",
            where=" ".join(signer.options[:1]),
            remedy=remedy,
        )
    printed: list[str] = json.loads(outcome.stdout)
    return printed[0]
