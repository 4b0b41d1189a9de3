"""Two commands at once: the second waits, says so, and then goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from engine.lock import locked

HOLD = """
import sys
from pathlib import Path
from typing import IO
from engine.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def _start(home: Path) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home)], stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )


def _line(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline()


def test_second_waits_and_names_the_first(tmp_path: Path) -> None:
    home = tmp_path / "engine"
    with _start(home) as first:
        assert _line(first.stdout) == "held\n"
        with _start(home) as second:
            sentence = _line(second.stderr)
            assert f"process {first.pid}" in sentence
            assert str(home) in sentence
            first.communicate(timeout=10)
            assert second.communicate(timeout=10)[0] == "held\n"


def test_lock_of_a_killed_command_is_free(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "engine"
    with _start(home) as first:
        assert _line(first.stdout) == "held\n"
        first.kill()
    with locked(home):
        assert capfd.readouterr().err == "", "nothing to wait for"


def test_lock_survives_the_folder(tmp_path: Path) -> None:
    home = tmp_path / "engine"
    with locked(home):
        assert not home.exists(), "the lock does not lie in the folder that a purge removes"


def test_removed_lock_does_not_let_two_in(tmp_path: Path) -> None:
    home = tmp_path / "engine"
    with locked(home, remove=True):
        waiting = _start(home)
        assert "waiting for it" in _line(waiting.stderr)
    # Its lock file is gone, so what the waiting one holds has to be a new one that others see.
    assert _line(waiting.stdout) == "held\n"
    with waiting, _start(home) as third:
        assert f"process {waiting.pid}" in _line(third.stderr)
        waiting.communicate(timeout=10)
        assert third.communicate(timeout=10)[0] == "held\n"


def test_last_one_out_leaves_nothing(tmp_path: Path) -> None:
    with locked(tmp_path / "engine", remove=True):
        pass
    assert list(tmp_path.iterdir()) == []


def test_error_keeps_the_lock_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), locked(tmp_path / "engine", remove=True):
        raise RuntimeError
    assert (tmp_path / ".engine.lock").exists()
