"""Detached processes: found again, and never taken for another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.errors import EngineError
from engine.process import Daemon, Identity, identify

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('ready', flush=True); time.sleep(60)"
)


@pytest.fixture
def daemon(tmp_path: Path) -> Daemon:
    return Daemon("The sleeper", tmp_path / "run" / "pid.json", tmp_path / "logs" / "log")


def test_started_found_and_stopped(daemon: Daemon) -> None:
    started = daemon.start(SLEEP, os.environ)
    again = Daemon(daemon.name, daemon.file, daemon.log)
    assert again.running() == started
    assert os.getsid(started.pid) == started.pid, "it has a session of its own"
    assert again.stop() is True
    assert identify(started.pid) != started
    assert again.running() is None
    assert again.stop() is False, "stopping twice is fine"


def test_recycled_pid_is_not_touched(daemon: Daemon) -> None:
    with subprocess.Popen(SLEEP) as other:
        now = identify(other.pid)
        assert now is not None
        daemon.file.parent.mkdir()
        daemon.file.write_text(
            json.dumps({"pid": now.pid, "start": now.start - 1, "boot": now.boot})
        )
        assert daemon.running() is None
        assert daemon.stop() is False
        assert other.poll() is None, "another program's process lives on"
        other.kill()


def test_pid_of_an_earlier_boot_is_not_ours(daemon: Daemon) -> None:
    own = identify(os.getpid())
    assert own is not None
    daemon.file.parent.mkdir()
    daemon.file.write_text(json.dumps({"pid": own.pid, "start": own.start, "boot": "another"}))
    assert daemon.running() is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"pid": 1}', '{"pid": "x", "start": 1, "boot": ""}']
)
def test_damaged_identity_file_means_not_running(daemon: Daemon, text: str) -> None:
    daemon.file.parent.mkdir()
    daemon.file.write_text(text)
    assert daemon.running() is None


def test_deaf_process_is_killed(daemon: Daemon) -> None:
    daemon.start([sys.executable, "-c", STUBBORN], os.environ)
    while "ready" not in daemon.last_words():
        time.sleep(0.01)
    begun = time.monotonic()
    assert daemon.stop(patience=0.2) is True
    assert time.monotonic() - begun < 5
    assert daemon.running() is None


def test_zombie_does_not_run() -> None:
    with subprocess.Popen(["true"]) as child:
        until = time.monotonic() + 5
        while identify(child.pid) is not None and time.monotonic() < until:
            time.sleep(0.01)
        assert identify(child.pid) is None, "it has ended, though nobody has waited for it"


def test_missing_program_is_an_error(daemon: Daemon) -> None:
    with pytest.raises(EngineError, match=r"The sleeper could not be started: .*/no/such"):
        daemon.start(["/no/such"], os.environ)


def test_program_name_with_brackets_is_parsed(tmp_path: Path) -> None:
    program = tmp_path / "a) S 1 (b"
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([program, "60"]) as child:
        found = identify(child.pid)
        assert isinstance(found, Identity)
        assert found.start > 0
        child.kill()
