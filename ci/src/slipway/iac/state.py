"""The state backend of the infrastructure, a PostgreSQL database, which locks; and the key that encrypts plans."""

import hashlib
import json
from dataclasses import dataclass
from typing import Final

import dagger
from dagger import CacheSharingMode, dag

from ..config.project import Infrastructure, Keeping, Project
from ..runtime.images import POSTGRES
from ..runtime.tools import Tools
from ..steps.plan import BACKEND

VOLUME: Final = "slipway-state"
KEYS_VOLUME: Final = "slipway-plan-keys"
KEYS: Final = "/run/slipway/plan-keys"
KEY: Final = "/run/slipway/plan-key"
ALIAS: Final = "state"
URL: Final = f"postgres://slipway@{ALIAS}:5432/slipway?sslmode=disable"
VARIABLE: Final = "PG_CONN_STR"


@dataclass(frozen=True, kw_only=True)
class StateBackend:
    """The database that a person named by its URL, else the embedded one where the project asks for it; and the key
    for plans that a person gave, else the embedded one.
    """

    url: dagger.Secret | None = None
    key: dagger.Secret | None = None
    service: dagger.Service | None = None

    def is_configured(self, infrastructure: Infrastructure) -> bool:
        """Whether there is a state at all."""
        given = self.url is not None or self.service is not None
        return given or infrastructure.state is Keeping.EMBEDDED

    def connected(self, container: dagger.Container, tools: Tools) -> dagger.Container:
        """The container with the database in reach, as the `pg` backend finds it."""
        if self.url is not None:
            return container.with_secret_variable(VARIABLE, self.url)
        service = self.service or embedded_state(tools)
        return container.with_service_binding(ALIAS, service).with_env_variable(VARIABLE, URL)

    def backed(
        self, container: dagger.Container, folder: str, project: Project
    ) -> dagger.Container:
        """The container whose stack, in a folder, keeps its state there, whatever backend it declares."""
        backend = {"pg": {"schema_name": schema_of(project)}}
        return container.with_new_file(
            f"{folder}/{BACKEND}", json.dumps({"terraform": {"backend": backend}})
        )

    def with_plan_key(self, container: dagger.Container) -> dagger.Container:
        """The container with the key that encrypts and opens plans."""
        if self.key is not None:
            return container.with_mounted_secret(KEY, self.key)
        volume = dag.cache_volume(KEYS_VOLUME)
        return container.with_mounted_cache(KEYS, volume, sharing=CacheSharingMode.SHARED)

    @property
    def key_options(self) -> tuple[str, ...]:
        """The option of our programs that names the key."""
        return ("--key", KEY) if self.key is not None else ("--keys", KEYS)


def schema_of(project: Project) -> str:
    """Where in the database the state of a project's stack is: no two projects or stacks share one."""
    stack = hashlib.sha256(project.infrastructure.stack.encode()).hexdigest()[:8]
    return f"{project.name[:48]}-{stack}"


def embedded_state(tools: Tools) -> dagger.Service:
    """The embedded database. Nobody but steps of this engine reaches it, so it asks for no password.

    Its volume is locked: two servers over one folder would destroy it.
    """
    return (
        tools.image(POSTGRES)
        .with_env_variable("POSTGRES_USER", "slipway")
        .with_env_variable("POSTGRES_DB", "slipway")
        .with_env_variable("POSTGRES_HOST_AUTH_METHOD", "trust")
        .with_env_variable("PGDATA", "/var/lib/postgresql/data/cluster")
        .with_mounted_cache(
            "/var/lib/postgresql/data",
            tools.volume(VOLUME),
            sharing=CacheSharingMode.LOCKED,
        )
        .with_exposed_port(5432)
        .as_service(use_entrypoint=True)
    )
