"""Whom a verification trusts."""

import hashlib
from dataclasses import dataclass
from typing import Final

import dagger

from ..errors import VerificationError
from .sigstore import ROOT, offline

PUBLIC: Final = "/run/slipway/cosign.pub"


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
                "no verification key: the key is empty",
                where="--public-key",
                remedy="Pass the signer's public key",
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
