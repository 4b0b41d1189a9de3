"""Is there an engine already, one of the person's own? Then that one is used, untouched."""

from __future__ import annotations

import os
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from engine.errors import EngineError
from engine.paths import Settings

RUNNER = "_EXPERIMENTAL_DAGGER_RUNNER_HOST"
INSTALL = "curl -fsSL https://dl.dagger.io/dagger/install.sh | BIN_DIR=/usr/local/bin sh"
REGISTRIES = ("registry.dagger.io", "registry-1.docker.io", "gcr.io", "ghcr.io")
PATIENCE = 4.0
"""Seconds that a daemon or a registry may take to answer."""


def existing(settings: Settings, environment: Mapping[str, str] = os.environ) -> str | None:
    """Say in a sentence which engine of the person's own serves; None if ours has to.

    A `docker` client without a daemon does not count, nor does a daemon that could pull nothing.
    """
    runner = environment.get(RUNNER, "")
    if runner and runner != f"unix://{settings.socket}":
        return _chosen(settings, runner)
    if not _own_cli(settings) or not _docker_answers():
        return None
    silent = silent_registries()
    if silent:
        return None
    return "Docker, the dagger CLI and the image registries answer: they are used."


def _chosen(settings: Settings, runner: str) -> str:
    if not (_own_cli(settings) or shutil.which("dagger")):
        raise EngineError(
            f"{RUNNER} names an engine ({runner}), but there is no `dagger` CLI on PATH to reach it. "
            f"Get it: {INSTALL} — or `unset {RUNNER}` to have an engine built here."
        )
    return f"{RUNNER} names an engine ({runner}): it is used."


def _own_cli(settings: Settings) -> bool:
    """Is there a CLI other than the one that was built here?"""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    others = [folder for folder in folders if folder != str(settings.bin)]
    return shutil.which("dagger", path=os.pathsep.join(others)) is not None


def _docker_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    try:
        result = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"],
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return result.returncode == 0


def silent_registries(names: tuple[str, ...] = REGISTRIES) -> list[str]:
    """Ask all registries at once; give those that do not answer as registries do."""
    with ThreadPoolExecutor(len(names)) as pool:
        answers = list(pool.map(_registry_answers, names))
    return [name for name, answered in zip(names, answers, strict=True) if not answered]


def _registry_answers(name: str) -> bool:
    try:
        with urllib.request.urlopen(f"https://{name}/v2/", timeout=PATIENCE) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as refusal:
        # A registry asks an unknown caller for a token (distribution specification, 401). A filtering
        # proxy answers too, but with another code.
        return refusal.code == 401
    except OSError:
        return False
