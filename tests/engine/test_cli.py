"""The commands, on a folder in which nothing was made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if "DAGGER" not in key}
    return kept | {
        "SLIPWAY_ENGINE_HOME": str(tmp_path / "engine"),
        "SLIPWAY_ENGINE_REGISTRY_PORT": "5988",
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    }


def _engine(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "engine", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_help_names_every_command(environment: dict[str, str]) -> None:
    result = _engine(environment, "--help")
    assert result.returncode == 0
    for command in ("up", "down", "status", "doctor", "env", "run"):
        assert f"\n    {command} " in result.stdout


@pytest.mark.parametrize("folder", ["engine", 'it\'s "$A" b'])
def test_env_is_what_a_shell_can_evaluate(
    environment: dict[str, str], tmp_path: Path, folder: str
) -> None:
    home = tmp_path / folder
    lines = _engine(environment | {"SLIPWAY_ENGINE_HOME": str(home)}, "env").stdout
    script = f'{lines}\nprintf \'%s\\n\' "$_EXPERIMENTAL_DAGGER_RUNNER_HOST" "$PATH"'
    shell = subprocess.run(
        ["sh", "-c", script], env={"PATH": "/bin"}, capture_output=True, text=True, check=True
    )
    assert shell.stdout.splitlines() == [
        f"unix://{home}/run/engine.sock",
        f"{home}/bin:/bin",
    ]


def test_env_prints_nothing_beside_a_chosen_engine(
    environment: dict[str, str], tmp_path: Path
) -> None:
    dagger = tmp_path / "dagger"
    dagger.write_text("#!/bin/sh\n")
    dagger.chmod(0o755)
    chosen = environment | {
        "_EXPERIMENTAL_DAGGER_RUNNER_HOST": "tcp://engine.example:1",
        "PATH": f"{tmp_path}:{environment['PATH']}",
    }
    result = _engine(chosen, "env")
    assert (result.returncode, result.stdout) == (0, "")
    result = _engine(chosen, "up")
    assert result.returncode == 0
    assert "tcp://engine.example:1" in result.stderr
    assert not (tmp_path / "engine").exists(), "nothing was made"


def test_status_of_nothing(environment: dict[str, str], tmp_path: Path) -> None:
    found = json.loads(_engine(environment, "status", "--json").stdout)
    assert found["ready"] is False
    assert found["home"] == str(tmp_path / "engine")
    assert found["images"] == {}
    assert set(found["parts"].values()) == {0}
    text = _engine(environment, "status").stdout
    assert "does not run" in text
    assert text.rstrip().endswith("python3 -m engine up")
    assert not (tmp_path / "engine").exists(), "looking makes nothing"


def test_down_of_nothing(environment: dict[str, str]) -> None:
    for _ in range(2):
        result = _engine(environment, "down", "--purge")
        assert result.returncode == 0
        assert "Nothing was running." in result.stderr


def test_purge_refuses_a_folder_of_somebody_else(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "thesis.tex").write_text("years of work")
    result = _engine(environment, "down", "--purge")
    assert result.returncode == 1
    assert "is not removed" in result.stderr
    assert (tmp_path / "engine" / "thesis.tex").exists()


def test_wrong_setting_is_a_sentence(environment: dict[str, str]) -> None:
    result = _engine(environment | {"SLIPWAY_ENGINE_REGISTRY_PORT": "x"}, "status")
    assert result.returncode == 1
    assert result.stderr == "SLIPWAY_ENGINE_REGISTRY_PORT=x: a port is a number from 1 to 65535.\n"
