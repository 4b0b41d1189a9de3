"""An identity signs, with a key that lives for one signature.

Fulcio certifies that the token's bearer made the key, Rekor logs the signature, a timestamp authority says when
(docs.sigstore.dev, "Security Model"). Two files, which Sigstore publishes for its clients, name services and roots.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import dagger

from ..errors import ConfigError
from ..policy.document import FILE, Policy
from ..runtime.stage import StageRunner
from ..runtime.tools import Tools
from .base import CREDENTIALS, Credentialed, SigningOptions
from .sigstore import CONFIG, ROOT
from .verifier import Verifier


@dataclass(frozen=True, kw_only=True)
class KeylessSigner(Credentialed):
    """An identity that an issuer vouches for: the credentials for its tokens, and Sigstore's two files."""

    title: ClassVar[str] = "an identity of the policy, without a key (Sigstore)"
    selector: ClassVar[str] = "signing_identity"
    requires: ClassVar[tuple[str, ...]] = ("signing_credentials", "signing_config", "trusted_root")

    identity: str
    issuer: str
    config: dagger.File
    root: dagger.File

    @classmethod
    def from_options(cls, options: SigningOptions, policy: Policy | None) -> Self:
        """The identity that the policy has under a signer's name; raises ConfigError where it has none."""
        signers = policy.signers if policy else ()
        known = {each.name: each for each in signers if each.identity}
        signer = known.get(options.signing_identity or "")
        if signer is None:
            raise ConfigError(
                f"the policy has no keyless signer {options.signing_identity!r}",
                where="--signing-identity",
                remedy=f"{FILE} has: {', '.join(known) or 'none'}",
            )
        credentials, config, root = (
            options.signing_credentials,
            options.signing_config,
            options.trusted_root,
        )
        if credentials is None or config is None or root is None:
            raise TypeError("a keyless signer needs all that it requires")
        return cls(
            identity=signer.identity,
            issuer=signer.issuer,
            credentials=credentials,
            config=config,
            root=root,
        )

    @property
    def options(self) -> tuple[str, ...]:
        """cosign's options that say who signs: nobody is asked to open a browser."""
        return ("--fulcio-auth-flow", "token")

    def mounted(self, container: dagger.Container) -> dagger.Container:
        """The container with the credentials, the services' addresses and the roots."""
        return (
            self.with_services(container)
            .with_mounted_file(CONFIG, self.config)
            .with_mounted_file(ROOT, self.root)
        )

    async def verifier(self, tools: Tools, runner: StageRunner) -> Verifier:
        """This very identity, under the roots that it signs with."""
        del tools, runner
        return Verifier(identity=self.identity, issuer=self.issuer, root=self.root)

    def model_signing_options(self) -> tuple[str, ...]:
        """The options of `steps.model_signature`."""
        return ("--environment", CREDENTIALS, "--signing-config", CONFIG, "--trusted-root", ROOT)
