"""Where artifacts go: the address that people use, and how a step's container reaches it.

With nothing given, an embedded registry serves: a service of the engine on a volume that lasts between runs. People
reach it at localhost:5050 after `dagger call registry up`; steps reach it under a name of their own, and signatures
hold for both, since they are about digests.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Final

import dagger
from dagger import dag

from ..oci.digests import Reference
from ..runtime.memo import known
from ..runtime.tools import Tools

EMBEDDED: Final = "localhost:5050"
PORT: Final = 5050
# Registry clients speak plain HTTP to names that end in .localhost (go-containerregistry, pkg/name), so no flag that
# would also turn off TLS elsewhere is needed.
ALIAS: Final = "registry.slipway.localhost"
VOLUME: Final = "slipway-registry"
AUTH: Final = "/run/slipway/docker"


@dataclass(frozen=True, kw_only=True)
class Registry:
    """A registry: its address with an optional path, the service it is if it is one, and who we are to it."""

    address: str = EMBEDDED
    service: dagger.Service | None = None
    username: str = ""
    password: dagger.Secret | None = None

    @property
    def host(self) -> str:
        """Host and port, as people write them."""
        return self.address.partition("/")[0]

    def repository(self, project: str, kind: str) -> str:
        """The repository of a project's artifacts of one kind, as people write it."""
        return f"{self.address}/{project}/{kind}"

    def inside(self, reference: str) -> str:
        """The same reference as a step has to write it."""
        if self.service is None:
            return reference
        host, slash, rest = reference.partition("/")
        _, colon, port = host.partition(":")
        return f"{ALIAS}{colon}{port}{slash}{rest}"

    async def connected(self, container: dagger.Container) -> dagger.Container:
        """The container with the registry in reach and the credentials mounted as a file."""
        if self.service is not None:
            container = container.with_service_binding(ALIAS, self.service)
        if self.password is None:
            return container
        return container.with_mounted_secret(
            f"{AUTH}/config.json", await self._login(self.password)
        ).with_env_variable("DOCKER_CONFIG", AUTH)

    async def _login(self, password: dagger.Secret) -> dagger.Secret:
        # Docker's config.json (docs.docker.com/reference/cli/docker/login, "Credential helpers"): the one form that
        # crane, cosign and trivy all read. It is a secret itself: never an argument, never in a layer.
        pair = f"{self.username}:{(await password.plaintext()).strip()}".encode()
        host = self.inside(self.host)
        content = json.dumps({"auths": {host: {"auth": base64.b64encode(pair).decode()}}})
        name = f"slipway-login-{hashlib.sha256(content.encode()).hexdigest()[:16]}"
        return dag.set_secret(name, content)


def embedded_service(tools: Tools) -> dagger.Service:
    """The embedded registry: distribution on a volume that lasts between runs."""
    return known(
        tools.image("registry")
        .with_env_variable("REGISTRY_HTTP_ADDR", f":{PORT}")
        .with_env_variable("REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", "/var/lib/registry")
        .with_env_variable("OTEL_TRACES_EXPORTER", "none")
        # Each request is in its log once and not twice: a third of all that a release's progress said were these lines.
        .with_env_variable("REGISTRY_LOG_ACCESSLOG_DISABLED", "true")
        .with_mounted_cache("/var/lib/registry", tools.volume(VOLUME))
        .with_exposed_port(PORT)
        .as_service(use_entrypoint=True)
    )


def open_registry(
    tools: Tools,
    address: str | None,
    service: dagger.Service | None,
    username: str | None,
    password: dagger.Secret | None,
) -> Registry:
    """The registry a person named, else the embedded one."""
    if address is None:
        return Registry(service=embedded_service(tools), username=username or "", password=password)
    Reference.parse(f"{address}/name")
    return Registry(address=address, service=service, username=username or "", password=password)


def registry_of(
    reference: str, registry: Registry, service: dagger.Service | None = None
) -> Registry:
    """The registry for a reference that a person gave: the embedded one is recognised by its address."""
    host = Reference.parse(reference).registry
    if host == registry.host and service is None:
        return registry
    return Registry(
        address=host, service=service, username=registry.username, password=registry.password
    )
