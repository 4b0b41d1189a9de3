"""What a signer is, and the options that choose one."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import ClassVar, Final, Self

import dagger

from ..policy.document import Policy
from ..runtime.stage import StageRunner
from ..runtime.tools import Tools
from .verifier import Verifier

CREDENTIALS: Final = "/run/slipway/signing-credentials"
PRIVATE: Final = "/run/private"  # in memory, and gone with the step


@dataclass(frozen=True, kw_only=True)
class SigningOptions:
    """What a user passed about signing; each field is named like its option."""

    signing_key: dagger.Secret | None = None
    signing_key_password: dagger.Secret | None = None
    managed_key: str | None = None
    signing_identity: str | None = None
    signing_credentials: dagger.Secret | None = None
    signing_config: dagger.File | None = None
    trusted_root: dagger.File | None = None

    @property
    def given(self) -> tuple[str, ...]:
        """The names of the fields that were passed."""
        return tuple(each.name for each in fields(self) if getattr(self, each.name) is not None)


def option(name: str) -> str:
    """A field of SigningOptions as users type it."""
    return f"--{name.replace('_', '-')}"


@dataclass(frozen=True, kw_only=True)
class Signer(ABC):
    """Who signs a release.

    `selector` is the field of SigningOptions that selects it, `requires` are those without which it cannot sign, and
    `accepts` those that it can do without. `title` is for tables of the docs.
    """

    title: ClassVar[str]
    selector: ClassVar[str]
    requires: ClassVar[tuple[str, ...]] = ()
    accepts: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def selected_by(cls, options: SigningOptions) -> bool:
        """Whether the options select it: signers that share a selector tell themselves apart by its value."""
        return getattr(options, cls.selector) is not None

    @classmethod
    def from_options(cls, options: SigningOptions, policy: Policy | None) -> Self:
        """The signer that the options describe, once all that it requires is there; raises ConfigError."""
        raise NotImplementedError

    @property
    @abstractmethod
    def options(self) -> tuple[str, ...]:
        """cosign's options that say who signs."""

    @property
    def secret_options(self) -> tuple[str, ...]:
        """The options of `steps.sequence` that give secrets to cosign."""
        return ()

    @abstractmethod
    def mounted(self, container: dagger.Container) -> dagger.Container:
        """The container with all that signing needs."""

    @abstractmethod
    async def verifier(self, tools: Tools, runner: StageRunner) -> Verifier:
        """What a signature of this signer is checked with; raises SigningError where it could not sign."""

    def model_signing_options(self) -> tuple[str, ...] | None:
        """The options of `steps.model_signature`; None where OpenSSF model signing knows no such signer."""
        return None


@dataclass(frozen=True, kw_only=True)
class Credentialed(Signer):
    """A signer that a service signs for, with the lines NAME=value that the service asks for.

    `services` are those that only containers of this engine reach, by the name under which they do.
    """

    credentials: dagger.Secret
    services: Mapping[str, dagger.Service] = field(default_factory=dict)

    @property
    def secret_options(self) -> tuple[str, ...]:
        """The option of `steps.sequence` that gives the credentials to cosign."""
        return ("--environment", CREDENTIALS)

    def with_services(self, container: dagger.Container) -> dagger.Container:
        """The container with the credentials, and with those services in reach."""
        for name, service in self.services.items():
            container = container.with_service_binding(name, service)
        return container.with_mounted_secret(CREDENTIALS, self.credentials)
