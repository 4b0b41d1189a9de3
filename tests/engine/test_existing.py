"""An engine of the person's own is used where there is one; a client without a daemon is none."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from engine import existing as module
from engine.errors import EngineError
from engine.existing import RUNNER, existing
from engine.paths import Settings


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing on it yet, and registries that all answer."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(module, "silent_registries", list)
    return folder


def _program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_nothing_is_there(own: Settings, programs: Path) -> None:
    assert list(programs.iterdir()) == []
    assert existing(own, {}) is None


def test_docker_dagger_and_registries(own: Settings, programs: Path) -> None:
    _program(programs, "dagger", "")
    assert existing(own, {}) is None, "without Docker"
    _program(programs, "docker", "echo 27.0")
    assert (
        existing(own, {})
        == "Docker, the dagger CLI and the image registries answer: they are used."
    )


def test_docker_without_a_daemon(own: Settings, programs: Path) -> None:
    _program(programs, "dagger", "")
    _program(programs, "docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1")
    assert existing(own, {}) is None


def test_docker_that_hangs(own: Settings, programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    _program(programs, "dagger", "")
    _program(programs, "docker", "exec /bin/sleep 30")
    begun = time.monotonic()
    assert existing(own, {}) is None
    assert time.monotonic() - begun < 3


def test_silent_registries(own: Settings, programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(programs, "dagger", "")
    _program(programs, "docker", "echo 27.0")
    monkeypatch.setattr(module, "silent_registries", lambda: ["gcr.io"])
    assert existing(own, {}) is None


def test_the_cli_built_here_is_not_the_persons_own(
    own: Settings, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.bin.mkdir(parents=True)
    _program(own.bin, "dagger", "")
    _program(programs, "docker", "echo 27.0")
    monkeypatch.setenv("PATH", f"{own.bin}:{programs}")
    assert existing(own, {}) is None


def test_chosen_engine_is_used(own: Settings, programs: Path) -> None:
    _program(programs, "dagger", "")
    sentence = existing(own, {RUNNER: "tcp://engine.example:8080"})
    assert sentence is not None
    assert "tcp://engine.example:8080" in sentence


def test_chosen_engine_without_a_cli_is_an_error(own: Settings, programs: Path) -> None:
    assert list(programs.iterdir()) == []
    with pytest.raises(EngineError, match=rf"(?s)no `dagger` CLI.*install.sh.*unset {RUNNER}"):
        existing(own, {RUNNER: "tcp://engine.example:8080"})


def test_our_own_engine_in_the_environment_is_ours(own: Settings, programs: Path) -> None:
    _program(programs, "dagger", "")
    assert existing(own, {RUNNER: f"unix://{own.socket}"}) is None


def test_a_name_that_does_not_exist_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    assert module.silent_registries(("registry.invalid", "127.0.0.1:9")) == [
        "registry.invalid",
        "127.0.0.1:9",
    ]
