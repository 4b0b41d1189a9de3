"""The engine's own view of the machine: run by engine.py as a program, in a new mount namespace.

The engine expects to live in a container of its own: it mounts over /etc/resolv.conf and keeps files
in /etc, /run and /var/lib/cni. Here each of these is covered by a layer that only the engine sees
and that vanishes with it, so nothing of the machine is changed.

Usage: inside.py HOME CONFIG PROGRAM [ARGUMENT…]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

COVERED = ("/etc", "/run")
LEASES = Path("/var/lib/cni")
"""Where the CNI plug-in host-local notes which addresses are taken."""


def main(arguments: list[str]) -> None:
    """Cover the folders, then become the engine."""
    home, config, *command = arguments
    upper = Path(home) / "run" / "cover"
    upper.mkdir(parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "slipway", str(upper))
    for folder in COVERED:
        _cover(Path(folder), upper)
    _private_leases(upper)
    target = Path("/etc/dagger/engine.json")
    target.parent.mkdir(exist_ok=True)
    shutil.copyfile(config, target)
    os.execv(command[0], command)  # noqa: S606  # this process becomes the engine, under its pid


def _cover(folder: Path, upper: Path) -> None:
    top, work = (upper / f"{folder.name}-{part}" for part in ("upper", "work"))
    top.mkdir()
    work.mkdir()
    options = f"lowerdir={folder},upperdir={top},workdir={work}"
    _mount("-t", "overlay", "slipway", "-o", options, str(folder))


def _private_leases(upper: Path) -> None:
    LEASES.mkdir(parents=True, exist_ok=True)
    mine = upper / "leases"
    mine.mkdir()
    _mount("--bind", str(mine), str(LEASES))


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
