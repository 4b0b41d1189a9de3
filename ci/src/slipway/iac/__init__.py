"""Infrastructure as code: plans that can be saved, encrypted, and applied once.

    base       what an infrastructure engine is
    opentofu   OpenTofu, the default
    terraform  Terraform
    plan       a saved plan of one stack
    state      where the state is kept, and the key that encrypts plans

A new engine is a new file with its `ENGINE`, and a line in ENGINES; the first one is the default.
"""

from typing import Final

from ..errors import ConfigError
from . import opentofu, terraform
from .base import Engine

ENGINES: Final[tuple[Engine, ...]] = (
    opentofu.ENGINE,
    terraform.ENGINE,
)


def engine_names() -> tuple[str, ...]:
    """The names that slipway.yaml may choose from; the first is the default."""
    return tuple(engine.name for engine in ENGINES)


def engine_named(name: str) -> Engine:
    """The engine of that name; raises ConfigError where there is none."""
    for engine in ENGINES:
        if engine.name == name:
            return engine
    raise ConfigError(
        f"there is no infrastructure engine {name!r}",
        where="slipway.yaml: infrastructure.engine",
        remedy=f"Set it to one of: {', '.join(engine_names())}",
    )
