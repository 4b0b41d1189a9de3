"""What a person reads while they wait."""

from __future__ import annotations

import time

import pytest

from engine import say


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (0.4, "0 s"), (59.6, "1 min 00 s"), (61, "1 min 01 s"), (190, "3 min 10 s")],
)
def test_clock(seconds: float, text: str) -> None:
    assert say.clock(seconds) == text


def test_long_work_gives_signs_of_life(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(say, "PULSE", 0.05)
    with say.pulse("trivy: still compiling"):
        time.sleep(0.3)
    output = capfd.readouterr()
    lines = output.err.splitlines()
    assert 2 <= len(lines) <= 6
    assert lines[0].endswith("] trivy: still compiling, 0 s so far")
    assert output.out == "", "progress is no result"
    time.sleep(0.15)
    assert capfd.readouterr().err == "", "nothing more once it is done"


def test_failed_step_is_not_called_done(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError), say.step("image"):
        raise RuntimeError
    assert capfd.readouterr().err.splitlines()[-1].endswith("image …")
