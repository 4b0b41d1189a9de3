"""Where artifacts go: what differs between registries, and nothing else.

    base      what a registry is: its address, how a container reaches it, how it is logged in to
    embedded  the embedded registry, which serves where none is named
    oci       any other registry

A new registry is a new file with a subclass of Registry, and a line in REGISTRIES: the first that serves a host is the
one that is used.
"""

from typing import Final

import dagger

from ..oci.digests import Reference
from ..runtime.tools import Tools
from .base import Registry
from .embedded import EMBEDDED, EmbeddedRegistry
from .embedded import embedded_service as embedded_service
from .oci import OciRegistry

REGISTRIES: Final[tuple[type[Registry], ...]] = (
    EmbeddedRegistry,
    OciRegistry,
)


def open_registry(
    tools: Tools,
    address: str | None = None,
    service: dagger.Service | None = None,
    username: str | None = None,
    password: dagger.Secret | None = None,
) -> Registry:
    """The registry at an address, else the embedded one; raises InvalidReference for what is no address."""
    address = EMBEDDED if address is None else address
    host = Reference.parse(f"{address}/name").registry
    kind = next(kind for kind in REGISTRIES if kind.serves(host))
    return kind.open(tools, address, service, username or "", password)


def registry_of(
    reference: str,
    tools: Tools,
    service: dagger.Service | None = None,
    username: str | None = None,
    password: dagger.Secret | None = None,
) -> Registry:
    """The registry of a reference that a person gave; raises InvalidReference for what is none."""
    return open_registry(tools, Reference.parse(reference).registry, service, username, password)
