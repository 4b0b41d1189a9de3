"""A signing key: cosign's, from a user, else the pair that this engine makes once and keeps. It signs offline."""

from dataclasses import dataclass
from typing import ClassVar, Final, Self

import dagger
from dagger import CacheSharingMode, dag

from ..policy.document import Policy
from ..runtime.images import COSIGN
from ..runtime.stage import Stage, StageRunner, never
from ..runtime.tools import Tools
from ..steps.key import PAIR
from .base import PRIVATE, Signer, SigningOptions
from .cosign import printed_key
from .sigstore import offline
from .verifier import Verifier

VOLUME: Final = "slipway-keys"
KEYS: Final = "/run/slipway/keys"
PASSWORD: Final = "/run/slipway/key-password"  # noqa: S105 - a path


@dataclass(frozen=True, kw_only=True)
class KeySigner(Signer):
    """A signing key: a secret that a user passed, else the embedded one on its volume."""

    title: ClassVar[str] = "a cosign key; without one, a key that this engine made and keeps"
    selector: ClassVar[str] = "signing_key"
    accepts: ClassVar[tuple[str, ...]] = ("signing_key_password",)

    secret: dagger.Secret | None = None
    password: dagger.Secret | None = None

    @classmethod
    def from_options(cls, options: SigningOptions, policy: Policy | None) -> Self:
        """The key that a user passed, else the embedded one."""
        del policy
        return cls(secret=options.signing_key, password=options.signing_key_password)

    @property
    def path(self) -> str:
        """Where a step finds the private key."""
        return f"{KEYS}/cosign.key" if self.secret else f"{KEYS}/{PAIR}/cosign.key"

    @property
    def options(self) -> tuple[str, ...]:
        """cosign's options that say who signs."""
        return ("--key", self.path)

    @property
    def secret_options(self) -> tuple[str, ...]:
        """The option of `steps.sequence` that gives the password, if there is one, to cosign."""
        return ("--secret", f"COSIGN_PASSWORD={PASSWORD}") if self.password else ()

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

    async def verifier(self, tools: Tools, runner: StageRunner) -> Verifier:
        """The public key, as what to trust; raises SigningError where the key cannot be opened."""
        return Verifier(pem=await public_key(tools, self, runner))

    def model_signing_options(self) -> tuple[str, ...]:
        """The options of `steps.model_signature`."""
        password = ("--password", PASSWORD) if self.password else ()
        return ("--key", self.path, *password, "--private", PRIVATE)


async def public_key(tools: Tools, key: KeySigner, runner: StageRunner) -> str:
    """The public key, PEM; makes the embedded pair where there is none.

    Raises SigningError where the key cannot be opened: a wrong password, or no cosign key at all.
    """
    if key.secret is not None:
        return await printed_key(
            tools,
            key,
            runner,
            "Check --signing-key-password, and that the key is one of `cosign generate-key-pair`",
        )
    container = key.mounted(tools.tool_container(COSIGN))
    argv = ("python", "-m", "slipway.steps.key", KEYS)
    made = await runner.run_to_success(
        Stage(name="key", container=container, argv=argv, cache=never())
    )
    return made.stdout
