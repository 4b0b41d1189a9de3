"""What a registry is: the address that people use, how a container reaches it, and how it is logged in to.

A registry of a provider is a subclass that overrides what differs there: as a rule `credentials`.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import ClassVar, Final, Self

import dagger
from dagger import dag

from ..runtime.tools import Tools

# Registry clients speak plain HTTP to names that end in .localhost (go-containerregistry, pkg/name), so no flag that
# would also turn off TLS elsewhere is needed.
ALIAS: Final = "registry.slipway.localhost"
AUTH: Final = "/run/slipway/docker"


@dataclass(frozen=True, kw_only=True)
class Registry:
    """A registry: its address with an optional path, the service that serves it if that is one of this engine, and the
    user name and password to log in with.

    `name` and `title` are for tables of the docs.
    """

    name: ClassVar[str]
    title: ClassVar[str]

    address: str
    service: dagger.Service | None = None
    username: str = ""
    password: dagger.Secret | None = None

    @classmethod
    def serves(cls, host: str) -> bool:
        """Whether a host, with its port, is such a registry."""
        raise NotImplementedError

    @classmethod
    def open(
        cls,
        tools: Tools,
        address: str,
        service: dagger.Service | None,
        username: str,
        password: dagger.Secret | None,
    ) -> Self:
        """The registry at an address."""
        del tools
        return cls(address=address, service=service, username=username, password=password)

    @property
    def host(self) -> str:
        """Host and port, as people write them."""
        return self.address.partition("/")[0]

    def repository(self, project: str, kind: str) -> str:
        """The repository of a project's artifacts of one kind, as people write it."""
        return f"{self.address}/{project}/{kind}"

    def internal(self, reference: str) -> str:
        """The same reference as a container has to write it."""
        if self.service is None:
            return reference
        host, slash, rest = reference.partition("/")
        _, colon, port = host.partition(":")
        return f"{ALIAS}{colon}{port}{slash}{rest}"

    async def connected(self, container: dagger.Container) -> dagger.Container:
        """The container with the registry in reach and the credentials mounted as a file."""
        if self.service is not None:
            container = container.with_service_binding(ALIAS, self.service)
        login = await self._login()
        if login is None:
            return container
        return container.with_mounted_secret(f"{AUTH}/config.json", login).with_env_variable(
            "DOCKER_CONFIG", AUTH
        )

    async def credentials(self) -> tuple[str, str] | None:
        """The user name and password of basic authentication, which every registry speaks; None where there are none.

        Override this where the password has to be fetched or exchanged first.
        """
        if self.password is None:
            return None
        return self.username, (await self.password.plaintext()).strip()

    async def _login(self) -> dagger.Secret | None:
        credentials = await self.credentials()
        if credentials is None:
            return None
        # Docker's config.json (docs.docker.com/reference/cli/docker/login, "Credential helpers"): the one form that
        # crane, cosign and trivy all read. It is a secret itself: never an argument, never in a layer.
        content = docker_config(self.internal(self.host), *credentials)
        name = f"slipway-login-{hashlib.sha256(content.encode()).hexdigest()[:16]}"
        return dag.set_secret(name, content)


def docker_config(host: str, username: str, password: str) -> str:
    """Docker's config.json that logs in to one host."""
    auth = base64.b64encode(f"{username}:{password}".encode()).decode()
    return json.dumps({"auths": {host: {"auth": auth}}})
