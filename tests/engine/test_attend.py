"""A client beside the engine: its exit code is passed on, and it does not outlive the engine."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest

from engine import attend as module
from engine.attend import attend
from engine.errors import EngineError
from engine.process import Daemon, end, identify


def _python(text: str) -> list[str]:
    return [sys.executable, "-c", text]


@pytest.fixture
def engine(tmp_path: Path) -> Daemon:
    """Something that runs for a minute."""
    daemon = Daemon("the engine", tmp_path / "run" / "it.json", tmp_path / "logs" / "it.log")
    daemon.start(_python("import time; time.sleep(60)"), {})
    return daemon


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 0),
        ("raise SystemExit(3)", 3),
        ("import os; os.kill(os.getpid(), 15)", 143),
        ("import os; raise SystemExit(os.environ['SAID'] != 'yes')", 0),
    ],
)
def test_the_exit_code_is_the_clients(text: str, code: int, engine: Daemon) -> None:
    assert attend(_python(text), {"SAID": "yes"}, engine) == code
    assert engine.stop()


def test_a_client_that_is_not_there(engine: Daemon) -> None:
    with pytest.raises(EngineError, match=r"^no-such-client could not be started: No such file"):
        attend(["no-such-client"], {}, engine)
    assert engine.stop()


@pytest.mark.parametrize("stubborn", [False, True])
def test_the_client_ends_with_the_engine(
    stubborn: bool, engine: Daemon, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 1.0)
    identity = engine.running()
    assert identity is not None
    end(identity, signal.SIGKILL)
    note = tmp_path / "pid"
    ignore = "signal.signal(15, signal.SIG_IGN);" if stubborn else ""
    text = f"import os, signal, time; {ignore} open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    begun = time.monotonic()
    with pytest.raises(EngineError, match=r"The engine ended while .* run the same command again"):
        attend(_python(text), {}, engine)
    assert time.monotonic() - begun < 20
    assert identify(int(note.read_text())) is None
