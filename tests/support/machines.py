"""Engines for tests: the one that everybody uses, and others beside it that a test may treat badly."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.engine import daemon
from engine.existing import existing
from engine.paths import Settings, settings

ROOT = Path(__file__).parents[2]
PYTHON = "docker.io/library/python:3.11-slim-bookworm"
SEEDS = ("programs", "rootfs", "content", "images", "registry")


@dataclass(frozen=True)
class Machine:
    """An engine, and the environment in which the commands mean this one."""

    own: Settings
    environment: dict[str, str]

    def command(self, *arguments: str) -> list[str]:
        """A command of the package engine, for this engine."""
        return [sys.executable, "-m", "engine", *arguments]

    def engine(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the package engine, which has to go well."""
        return subprocess.run(
            self.command(*arguments),
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )

    def status(self) -> dict[str, object]:
        """What `status --json` says."""
        found: dict[str, object] = json.loads(self.engine("status", "--json").stdout)
        return found

    def run(self, *command: str) -> str:
        """Run a command in a container of this engine; give its output."""
        runner = {
            "_EXPERIMENTAL_DAGGER_RUNNER_HOST": f"unix://{self.own.socket}",
            "_EXPERIMENTAL_DAGGER_VERSION": "v0.19.10",
        }
        return subprocess.run(
            [
                self.own.bin / "dagger",
                "--silent",
                "core",
                "container",
                "from",
                "--address",
                PYTHON,
                "with-exec",
                f"--args={_fields(command)}",
                "stdout",
            ],
            env=self.environment | runner,
            cwd="/",
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout

    def pid(self) -> int:
        """The process of the engine, which has to run."""
        identity = daemon(self.own).running()
        assert identity is not None
        return identity.pid

    def killed(self) -> None:
        """Kill the engine, and wait until it is gone."""
        os.kill(self.pid(), signal.SIGKILL)
        until = time.monotonic() + 20
        while daemon(self.own).running():
            assert time.monotonic() < until, "a killed process ends"
            time.sleep(0.05)


def _fields(words: Sequence[str]) -> str:
    """One line of comma-separated values, as the CLI parses a list."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(words)
    return line.getvalue()


def machine(variables: Mapping[str, str]) -> Machine:
    """The engine that the commands mean with these variables; nothing is started."""
    environment = {key: value for key, value in os.environ.items() if "DAGGER" not in key} | dict(
        variables
    )
    return Machine(settings(environment), environment)


def usual() -> Machine:
    """The engine that everybody uses, running; a test of it is skipped where none is built."""
    found = machine({})
    if sentence := existing(found.own, found.environment):
        pytest.skip(f"no engine is built on this machine: {sentence}")
    found.engine("up")
    return found


@contextmanager
def beside(first: Machine, folder: Path, **variables: str) -> Iterator[Machine]:
    """Another engine with a folder and state of its own, which takes over the programs and images of the first."""
    home = folder / "engine"
    places = {"SLIPWAY_ENGINE_HOME": str(home), "SLIPWAY_ENGINE_REGISTRY_PORT": "5989"}
    other = machine(places | variables)
    for name in SEEDS:
        shutil.copytree(first.own.home / name, home / name, copy_function=os.link)
    try:
        other.engine("up")
        yield other
    finally:
        other.engine("down", "--purge")
