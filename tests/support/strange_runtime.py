"""An OCI runtime for tests: runc, in whose containers it is another day, in another zone, on one processor.

Their umask is another one too.

An engine is given it as SLIPWAY_ENGINE_RUNC. It changes a container's settings just before runc reads
them, so that the engine, its cache and its images know nothing of it. The day reaches every program
that asks the C library (Python, compilers, tar, git); Go programs ask the kernel and see today's.

Usage: strange_runtime.py [ARGUMENT OF RUNC…], with the path of the compiled clock.c in SLIPWAY_TEST_CLOCK
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

DAYS = 10
ZONE = "XYZ-05:45"
UMASK = 0o077
# /dev is a file system in memory: what is mounted there leaves no trace in an image.
LIBRARY = "/dev/clock.so"


def changed(settings: dict[str, Any], library: str) -> dict[str, Any]:
    """A container's settings (OCI runtime specification, config.md), made strange."""
    process = settings["process"]
    process["env"] += [
        f"TZ={ZONE}",
        f"LD_PRELOAD={LIBRARY}",
    ]
    process["user"]["umask"] = UMASK
    settings["mounts"].append(
        {
            "destination": LIBRARY,
            "type": "bind",
            "source": library,
            "options": ["bind", "ro"],
        }
    )
    # Dagger compiles its Python SDK with Go before anything of ours runs: that may be quick.
    if "go" in process["args"][:4]:
        return settings
    processors = settings["linux"].setdefault("resources", {}).setdefault("cpu", {})
    processors["cpus"] = "0"
    return settings


def main(arguments: list[str]) -> None:
    """Change the settings of the container that is about to start, then become runc."""
    if "--bundle" in arguments and "run" in arguments:
        path = Path(arguments[arguments.index("--bundle") + 1]) / "config.json"
        settings = json.loads(path.read_text())
        path.write_text(json.dumps(changed(settings, os.environ["SLIPWAY_TEST_CLOCK"])))
    runc = shutil.which("runc", path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin") or "runc"
    os.execv(runc, [runc, *arguments])  # noqa: S606 - it becomes runc


if __name__ == "__main__":
    main(sys.argv[1:])
