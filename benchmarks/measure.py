"""Wall time, processor time of the whole machine, bytes on disk."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Run it; gives seconds of wall time, and processor seconds that the machine was busy meanwhile.

    Of the whole machine, since both sides do their work in daemons: nothing else may run beside it.
    """
    began, busy = time.monotonic(), _busy()
    work()
    return time.monotonic() - began, _busy() - busy


def _busy() -> float:
    # proc_stat(5): user nice system idle iowait irq softirq steal, in ticks since boot.
    ticks = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def size(*folders: Path) -> int:
    """Bytes on disk; what vanishes meanwhile counts for nothing."""
    there = [str(folder) for folder in folders if folder.exists()]
    if not there:
        return 0
    command = ["du", "--summarize", "--total", "--block-size=1", "--", *there]
    listing = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return int(listing.splitlines()[-1].split()[0])


def machine() -> str:
    """The machine and the day, in one line."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    day = datetime.now(UTC).date().isoformat()
    return f"{day}, {os.cpu_count()} cores, {memory:.0f} GB of memory, Linux {platform.release()}, {platform.machine()}"
