"""The embedded registry, which serves where none is named: a service of the engine on a volume that lasts between runs.

People reach it at localhost:5050 after `dagger call registry up`; containers reach it under a name of their own, and
signatures hold for both, since they are about digests.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, Self

import dagger

from ..runtime.images import REGISTRY
from ..runtime.memo import known
from ..runtime.tools import Tools
from .base import Registry

PORT: Final = 5050
EMBEDDED: Final = f"localhost:{PORT}"
VOLUME: Final = "slipway-registry"


@dataclass(frozen=True, kw_only=True)
class EmbeddedRegistry(Registry):
    """The registry on a volume of this engine."""

    name: ClassVar[str] = "embedded"
    title: ClassVar[str] = "a registry on a volume of this engine, where none is named"

    address: str = EMBEDDED

    @classmethod
    def serves(cls, host: str) -> bool:
        """Whether a host, with its port, is where people reach it."""
        return host == EMBEDDED

    @classmethod
    def open(
        cls,
        tools: Tools,
        address: str,
        service: dagger.Service | None,
        username: str,
        password: dagger.Secret | None,
    ) -> Self:
        """The registry at an address: on its volume, unless another service is named."""
        service = service or embedded_service(tools)
        return cls(address=address, service=service, username=username, password=password)


def embedded_service(tools: Tools) -> dagger.Service:
    """The embedded registry: distribution on a volume that lasts between runs."""
    return known(
        tools.image(REGISTRY)
        .with_env_variable("REGISTRY_HTTP_ADDR", f":{PORT}")
        .with_env_variable("REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", "/var/lib/registry")
        .with_env_variable("OTEL_TRACES_EXPORTER", "none")
        # Each request is in its log once and not twice: a third of all that a release's progress said were these lines.
        .with_env_variable("REGISTRY_LOG_ACCESSLOG_DISABLED", "true")
        .with_mounted_cache("/var/lib/registry", tools.volume(VOLUME))
        .with_exposed_port(PORT)
        .as_service(use_entrypoint=True)
    )
