"""How large each part is on disk."""

from __future__ import annotations

import subprocess
from pathlib import Path

PARTS = {
    "state": "the engine's cache, cache volumes and history",
    "registry": "the mirror: stand-in images",
    "programs": "Go programs",
    "rootfs": "Debian root file systems",
    "content": "the engine's built-in images",
    "logs": "logs of builds and processes",
}


def sizes(home: Path) -> dict[str, int]:
    """Give the bytes that each part takes on disk; a file with two names counts once.

    `du` is several times faster than walking the hundreds of thousands of files here. It complains
    of files that a running engine removes meanwhile: they count for nothing.
    """
    found = dict.fromkeys(PARTS, 0)
    there = [name for name in PARTS if (home / name).is_dir()]
    if not there:
        return found
    command = ["du", "--summarize", "--block-size=1", "--", *there]
    listing = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False).stdout
    for entry in listing.splitlines():
        size, _, name = entry.partition("\t")
        found[name] = int(size)
    return found


def size_text(count: int) -> str:
    """Give a size as people say it: ``41.7 GB`` or ``4.2 MB``."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
