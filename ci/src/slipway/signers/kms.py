"""A key that never leaves its service (Vault's transit engine, a KMS of a cloud): cosign has the service sign."""

import re
from dataclasses import dataclass
from typing import ClassVar, Final, Self

import dagger

from ..errors import ConfigError
from ..policy.document import Policy
from ..runtime.stage import StageRunner
from ..runtime.tools import Tools
from .base import Credentialed, SigningOptions
from .cosign import printed_key
from .sigstore import offline
from .verifier import Verifier

# cosign's schemes of keys whose credentials are environment variables (docs.sigstore.dev, "KMS plugins").
_URI: Final = re.compile(r"(?:hashivault|awskms|azurekms)://\S+")


@dataclass(frozen=True, kw_only=True)
class KmsSigner(Credentialed):
    """A key in Vault or a KMS, by cosign's URI of it, and the credentials that its service asks for."""

    title: ClassVar[str] = "a key in Vault or a KMS"
    selector: ClassVar[str] = "managed_key"
    requires: ClassVar[tuple[str, ...]] = ("signing_credentials",)

    uri: str

    @classmethod
    def from_options(cls, options: SigningOptions, policy: Policy | None) -> Self:
        """The key of --managed-key; raises ConfigError for what is no URI of one."""
        del policy
        uri, credentials = options.managed_key, options.signing_credentials
        if uri is None or credentials is None or not _URI.fullmatch(uri):
            raise ConfigError(
                f"{uri!r} is not the URI of a key in Vault or a KMS",
                where="--managed-key",
                remedy="Write it as cosign does: hashivault://NAME, awskms://HOST/KEY, azurekms://VAULT/KEY",
            )
        return cls(uri=uri, credentials=credentials)

    @property
    def options(self) -> tuple[str, ...]:
        """cosign's options that say who signs."""
        return ("--key", self.uri)

    def mounted(self, container: dagger.Container) -> dagger.Container:
        """The container with the credentials and the offline configuration in place."""
        return self.with_services(offline(container))

    async def verifier(self, tools: Tools, runner: StageRunner) -> Verifier:
        """The public key; raises SigningError where the service does not give it."""
        remedy = "Check --managed-key, and the lines NAME=value of --signing-credentials"
        return Verifier(pem=await printed_key(tools, self, runner, remedy))
