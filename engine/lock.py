"""One command at a time changes a folder: the second waits, and says for whom."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.say import say


@contextmanager
def locked(home: Path, *, remove: bool = False) -> Iterator[None]:
    """Hold the folder's lock; the kernel lets go of it however this process ends.

    The lock lies beside the folder, so that removing the folder does not remove the lock under
    somebody who waits for it. With `remove` the lock file goes too, once all went well.
    """
    home.parent.mkdir(parents=True, exist_ok=True)
    path = home.parent / f".{home.name}.lock"
    descriptor = _open(path, home)
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
        if remove:
            path.unlink()
    finally:
        os.close(descriptor)


def _open(path: Path, home: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        _take(descriptor, home)
        # Whoever held it may have removed the file: then nobody else will ever see this lock.
        if path.exists() and os.path.samestat(path.stat(), os.fstat(descriptor)):
            return descriptor
        os.close(descriptor)


def _take(descriptor: int, home: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode() or "unknown"
        say(f"Another `python3 -m engine` (process {holder}) works on {home}; waiting for it.")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
