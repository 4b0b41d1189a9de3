"""Room in the engine's cache, made while nothing else runs on it.

The engine collects garbage at the end of sessions once its cache is full, and a session that runs beside loses what it
is about to use ("failed to commit …: snapshot … does not exist"; seen with 0.19.10 and two sessions at a cache of
40 GB). So a cache that is filling up is emptied down to what was used last before the engine serves anyone.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from engine.disk import size_text, sizes
from engine.errors import EngineError
from engine.say import pulse, step

FILLING = 22_000_000_000
"""Bytes of the whole state from which on a start makes room: what is left up to 40 GB is a day's work."""


def policy(most: int, sweep: str = "") -> dict[str, object]:
    """Give a policy of collection for engine.json.

    Over `most` bytes, the least recently used goes first, and `sweep` (a share) of them at a time.
    """
    # Cache volumes are never collected: Slipway's embedded registry and key live on them.
    found: dict[str, object] = {
        "filters": ["type!=exec.cachemount"],
        "reservedSpace": "2GB",
        "maxUsedSpace": str(most),
        "minFreeSpace": "5%",
    }
    return {**found, "sweepSize": sweep} if sweep else found


# One collection in a while rather than one after each session.
SERVING = policy(40_000_000_000, sweep="50%")
"""While it serves."""
STARTING = policy(12_000_000_000)
"""When room is made: two versions of everything that a release needs stay."""


def filling(home: Path) -> int:
    """Give the bytes of the state if the next start should make room first, else 0."""
    used = sizes(home)["state"]
    return used if used > FILLING else 0


def collect(home: Path, used: int, client: str, environment: Mapping[str, str]) -> None:
    """Have the engine that runs collect its `used` bytes down to its policy, and wait until it has."""
    # As a query: `dagger core` would ask for each entry that went, and draw thousands of them.
    command = [client, "--progress=plain", "query", "--no-mod"]
    with (
        step(f"making room in the engine's cache of {size_text(used)}"),
        pulse("making room in the engine's cache"),
    ):
        done = subprocess.run(
            command,
            input="{ engine { localCache { prune(useDefaultPolicy: true) } } }",
            env={**os.environ, **environment},
            cwd=home,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise EngineError(f"The engine's cache could not be collected:\n{done.stderr[-1500:]}")
