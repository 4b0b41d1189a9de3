"""The engine's process: its settings, how it starts, and whether it answers."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from engine import room
from engine.errors import EngineError
from engine.paths import SOURCE, Settings
from engine.process import Daemon

VERSION = "v0.19.10"
PATIENCE = 60.0
"""Seconds that the engine may take to answer."""
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DNSMASQ = """\
#!/bin/sh
exec {program} --bind-dynamic "$@"
"""
PUBLIC = ("docker.io", "gcr.io", "ghcr.io")
"""Registries that the mirror stands in for."""


def daemon(settings: Settings) -> Daemon:
    """Name the engine's process."""
    return Daemon("The engine", settings.run / "engine.pid.json", settings.logs / "engine.log")


def client_variables(settings: Settings) -> dict[str, str]:
    """Give what a client needs to find this engine: for the CLI and for the client libraries."""
    return {
        "_EXPERIMENTAL_DAGGER_RUNNER_HOST": f"unix://{settings.socket}",
        "_EXPERIMENTAL_DAGGER_CLI_BIN": str(settings.bin / "dagger"),
        "_EXPERIMENTAL_DAGGER_VERSION": VERSION,
    }


def configuration(
    settings: Settings, policy: Mapping[str, object] = room.SERVING
) -> dict[str, object]:
    """Give engine.json: the mirror for the public registries, and what is collected when."""
    mirror = f"127.0.0.1:{settings.port}"
    registries: dict[str, object] = {name: {"mirrors": [mirror]} for name in PUBLIC}
    registries[mirror] = {"http": True}
    return {"logLevel": "info", "registries": registries, "gc": {"policies": [policy]}}


def command(settings: Settings, config: Path) -> list[str]:
    """Give the command that runs the engine in a mount namespace of its own."""
    return [
        *("unshare", "--mount", "--propagation", "private", "--"),
        *(sys.executable, "-I", str(SOURCE / "inside.py"), str(settings.home), str(config)),
        *arguments(settings),
    ]


def arguments(settings: Settings) -> list[str]:
    """Give the engine's own command line."""
    return [
        str(settings.bin / "dagger-engine"),
        *("--root", str(settings.state)),
        *("--addr", f"unix://{settings.socket}"),
        *("--network-name", settings.network),
        *("--network-cidr", settings.cidr),
        *("--oci-cni-binary-dir", str(settings.plugins)),
    ]


def environment(settings: Settings, builtins: Mapping[str, str]) -> dict[str, str]:
    """Give the engine's environment; `builtins` maps the built-in images to their digests."""
    foreign = ("OTEL_", "DAGGER_", "_EXPERIMENTAL_DAGGER_", "_DAGGER_", "PYTHON")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    path = kept.get("PATH", "")
    return {
        # Go's default (100) spends a quarter of the engine's processor time on the collection of garbage.
        "GOGC": "400",
        **kept,
        "PATH": f"{settings.plugins}:{path}:{SYSTEM_PATH}",
        "_EXPERIMENTAL_DAGGER_VERSION": VERSION,
        "SLIPWAY_ENGINE_RUNC": kept.get("SLIPWAY_ENGINE_RUNC")
        or shutil.which("runc", path=SYSTEM_PATH)
        or "/usr/sbin/runc",
        "SLIPWAY_ENGINE_INIT": str(settings.bin / "dagger-init"),
        "SLIPWAY_ENGINE_STATE": str(settings.state),
        "SLIPWAY_ENGINE_CONTENT": str(settings.content),
        "DAGGER_GO_SDK_MANIFEST_DIGEST": builtins["go"],
        "DAGGER_PYTHON_SDK_MANIFEST_DIGEST": builtins["python"],
    }


def install_dnsmasq(settings: Settings) -> None:
    """Put a `dnsmasq` before the machine's own on the engine's PATH.

    The engine starts it so that it takes port 53 of every address. Told to bind only to its bridge,
    it leaves room for other engines, and for a name server that the machine runs itself.
    """
    program = settings.plugins / "dnsmasq"
    text = DNSMASQ.format(program=shutil.which("dnsmasq", path=SYSTEM_PATH) or "/usr/sbin/dnsmasq")
    if not program.exists() or program.read_text() != text:
        partial = program.with_name(".dnsmasq.partial")
        partial.write_text(text)
        partial.chmod(0o755)
        partial.replace(program)


def start(settings: Settings, builtins: Mapping[str, str]) -> bool:
    """Have the engine running on these built-in images; tell whether it had to be started.

    An engine that runs on older ones is replaced: it reads their digests only when it starts. Which
    Python started it makes no difference, so that a virtual environment's does not replace it.
    """
    process = daemon(settings)
    text = json.dumps(configuration(settings), indent=2, sort_keys=True)
    wanted = json.dumps([dict(builtins), text, arguments(settings), _programs(settings)])
    record = settings.run / "engine.started"
    if process.running() and answers(settings) and _read(record) == wanted:
        return False
    process.stop()
    settings.run.mkdir(parents=True, exist_ok=True)
    if used := room.filling(settings.home):
        _serve(settings, process, builtins, json.dumps(configuration(settings, room.STARTING)))
        room.collect(settings.home, used, str(settings.bin / "dagger"), client_variables(settings))
        process.stop()
    _serve(settings, process, builtins, text)
    record.write_text(wanted)
    return True


def _serve(settings: Settings, process: Daemon, builtins: Mapping[str, str], text: str) -> None:
    """Start it with this engine.json, and wait until it answers."""
    config = settings.run / "engine.json"
    config.write_text(text)
    settings.socket.unlink(missing_ok=True)
    process.start(command(settings, config), environment(settings, builtins))
    _wait(process, settings)


def _programs(settings: Settings) -> list[str]:
    return [str((settings.bin / name).resolve()) for name in ("dagger-engine", "dagger-init")]


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def _wait(process: Daemon, settings: Settings) -> None:
    until = time.monotonic() + PATIENCE
    while not answers(settings):
        if process.running() is None:
            raise EngineError(f"{process.name} ended; the end of its log:\n{process.last_words()}")
        if time.monotonic() > until:
            raise EngineError(
                f"{process.name} has not answered for {PATIENCE:.0f} s; see {process.log}."
            )
        time.sleep(0.1)


def answers(settings: Settings) -> bool:
    """Does something accept connections on the engine's socket?"""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(settings.socket))
        except OSError:
            return False
    return True
