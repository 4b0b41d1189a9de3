"""The engine's own view of the machine: run by engine.py as a program, in a new mount namespace.

The engine expects to live in a container of its own: it mounts over /etc/resolv.conf and keeps files
in /etc, /run and /var/lib/cni. Here these folders are covered by a layer that only the engine sees
and that vanishes with it, so nothing of the machine is changed.

Usage: inside.py HOME CONFIG PROGRAM [ARGUMENT…]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

COVERED = ("/etc", "/run", "/var/lib")
AUTHORITIES = Path("/usr/local/share/ca-certificates")
PLACES = ("/media", "/mnt")
"""Where the covers may be put; both are in every Debian, and the engine uses neither."""


def main(arguments: list[str]) -> None:
    """Cover the folders, then become the engine."""
    home, config, *command = arguments
    cover = next(place for place in map(Path, PLACES) if not Path(home).is_relative_to(place))
    _mount("-t", "tmpfs", "slipway", str(cover))
    for folder in map(Path, COVERED):
        _cover(folder, cover, Path(home))
    _hide_authorities()
    target = Path("/etc/dagger/engine.json")
    target.parent.mkdir(exist_ok=True)
    shutil.copyfile(config, target)
    os.execv(command[0], command)  # noqa: S606  # this process becomes the engine, under its pid


def _hide_authorities() -> None:
    """Keep the engine from adding the machine's certificate authorities to every container.

    It would run update-ca-certificates before and after each command, which takes seconds. The
    stand-ins trust what the machine trusts already, in their own bundle.
    """
    if AUTHORITIES.is_dir():
        _mount("-t", "tmpfs", "slipway", str(AUTHORITIES))


def _cover(folder: Path, cover: Path, home: Path) -> None:
    inside = home.is_relative_to(folder)
    kept = cover / f"{folder.name}-home"
    if inside:
        # The engine's own folder lies in there and has to stay what it is.
        kept.mkdir()
        _mount("--bind", str(home), str(kept))
    top, work = (cover / f"{folder.name}-{part}" for part in ("upper", "work"))
    top.mkdir()
    work.mkdir()
    options = f"lowerdir={folder},upperdir={top},workdir={work}"
    _mount("-t", "overlay", "slipway", "-o", options, str(folder))
    if inside:
        _mount("--bind", str(kept), str(home))


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
