"""Detached processes that are found again later, by a command that did not start them.

A pid alone is not an identity: after a crash or a restart of the machine it may belong to somebody
else. So a process is recorded with the boot it runs in and its start time (field 22 of
/proc/PID/stat, proc(5)), and counts as running only if all three still agree.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import EngineError

BOOT = Path("/proc/sys/kernel/random/boot_id")
LOG_LIMIT = 20_000_000
"""Bytes after which a log is set aside at the next start; one older log is kept."""

_children: dict[int, subprocess.Popen[bytes]] = {}
"""What this command started itself, to be waited for if it stops it too."""


@dataclass(frozen=True)
class Identity:
    """A process that cannot be taken for another."""

    pid: int
    start: int
    """Clock ticks from boot to its start."""
    boot: str


@dataclass(frozen=True)
class Daemon:
    """A process of ours: its name for people, its identity file, its log."""

    name: str
    file: Path
    log: Path

    def running(self) -> Identity | None:
        """Give the process that runs now, or None."""
        recorded = self._read()
        return recorded if recorded and identify(recorded.pid) == recorded else None

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> Identity:
        """Start it apart from this terminal and session, its output going to its log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".older"))
        with self.log.open("ab") as log:
            try:
                process = subprocess.Popen(
                    list(command),
                    env=dict(environment),
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            except OSError as error:
                raise EngineError(f"{self.name} could not be started: {error}") from error
        _children[process.pid] = process
        identity = identify(process.pid)
        if identity is None:
            raise EngineError(f"{self.name} ended as soon as it began: see {self.log}.")
        self._write(identity)
        return identity

    def stop(self, patience: float = 20.0) -> bool:
        """Ask it to end, and after `patience` seconds make it; tell whether it was running."""
        identity = self.running()
        if identity is None:
            self.file.unlink(missing_ok=True)
            return False
        end(identity, signal.SIGTERM)
        if not _ended(identity, patience):
            end(identity, signal.SIGKILL)
            _ended(identity, 10.0)
        if child := _children.pop(identity.pid, None):
            child.wait()
        self.file.unlink(missing_ok=True)
        return True

    def last_words(self, lines: int = 12) -> str:
        """Give the end of its log."""
        try:
            text = self.log.read_text(errors="replace")
        except FileNotFoundError:
            return "(it wrote nothing)"
        return "\n".join(text.splitlines()[-lines:])

    def _read(self) -> Identity | None:
        try:
            found = json.loads(self.file.read_text())
            return Identity(int(found["pid"]), int(found["start"]), str(found["boot"]))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def _write(self, identity: Identity) -> None:
        partial = self.file.with_suffix(".partial")
        partial.write_text(json.dumps(identity.__dict__))
        partial.replace(self.file)


def identify(pid: int) -> Identity | None:
    """Give the identity of a running process; None if there is none, or it is a zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
        # The second field is the program's name in brackets, and may hold anything but the last ")".
        fields = status[status.rindex(")") + 2 :].split()
        if fields[0] in "ZX":
            return None
        return Identity(pid, int(fields[19]), BOOT.read_text().strip())
    except (FileNotFoundError, ProcessLookupError):
        return None


def end(identity: Identity, number: int) -> None:
    """Send a signal to exactly this process, or to none."""
    # A pidfd is taken first and the identity checked after: the pid cannot be recycled in between.
    try:
        descriptor = os.pidfd_open(identity.pid)
    except ProcessLookupError:
        return
    try:
        if identify(identity.pid) == identity:
            signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return
    finally:
        os.close(descriptor)


def _ended(identity: Identity, patience: float) -> bool:
    until = time.monotonic() + patience
    while identify(identity.pid) == identity:
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
