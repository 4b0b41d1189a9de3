"""Two commands at once: the second waits, says so, and then goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.lock import locked

HOLD = """
import sys
from pathlib import Path
from engine.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def _hold(home: Path) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home)], stdin=pipe, stdout=pipe, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_second_waits_and_names_the_first(tmp_path: Path) -> None:
    home = tmp_path / "engine"
    with _hold(home) as first:
        second = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert second.stderr is not None
        sentence = second.stderr.readline()
        assert f"process {first.pid}" in sentence
        assert str(home) in sentence
        assert first.stdin is not None
        first.stdin.close()
        output, _ = second.communicate(timeout=10)
        assert output == "held\n"


def test_lock_of_a_killed_command_is_free(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "engine"
    with _hold(home) as first:
        first.kill()
    with locked(home):
        assert capfd.readouterr().err == "", "nothing to wait for"


def test_lock_survives_the_folder(tmp_path: Path) -> None:
    home = tmp_path / "engine"
    with locked(home):
        assert not home.exists(), "the lock does not lie in the folder that a purge removes"
