"""Stopping an engine, and removing what it made."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

from engine import engine, network, registry
from engine.engine import daemon
from engine.errors import EngineError
from engine.paths import Settings
from engine.process import Identity, end, identify

MARKS = ("state", "rootfs", "run", "logs")
"""Folders of which a home has some: anything else is not ours to remove."""


def stop(settings: Settings) -> list[str]:
    """Stop the engine, its containers and the mirror; name what was running."""
    stopped = [
        process.name.lower().removeprefix("the ")
        for process in (daemon(settings), registry.daemon(settings))
        if process.stop()
    ]
    left = orphans(settings)
    for identity in left:
        end(identity, signal.SIGKILL)
    if left:
        stopped.append(f"{len(left)} processes of containers")
    settings.socket.unlink(missing_ok=True)
    return stopped


def orphans(settings: Settings) -> list[Identity]:
    """Find the containers' processes that outlived an engine that was killed.

    They live in mount namespaces of their own, whose mounts come from this engine's state folder
    (proc(5), mountinfo); no other process has that.
    """
    mark = f"{settings.state}/"
    here = _namespace(os.getpid())
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        try:
            inside = mark in (folder / "mountinfo").read_text()
        except OSError:
            continue
        if inside and _namespace(pid) != here and (identity := identify(pid)):
            found.append(identity)
    return found


def _namespace(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/ns/mnt")  # noqa: PTH115  # no path, a name in brackets
    except OSError:
        return ""


def purge(settings: Settings) -> list[str]:
    """Remove everything that was made; the engine has to be stopped."""
    removed = network.clean(settings, bridge=True)
    if settings.home.exists():
        _check_ours(settings.home)
        shutil.rmtree(settings.home)
        removed.append(f"folder {settings.home}")
    return removed


def _check_ours(home: Path) -> None:
    names = {path.name for path in home.iterdir()}
    if names and not names & set(MARKS):
        raise EngineError(
            f"{home} holds no engine, so it is not removed. Is SLIPWAY_ENGINE_HOME what you meant?"
        )


def sweep(settings: Settings) -> None:
    """Remove what a killed `up` left half made, and what a killed engine left running."""
    shutil.rmtree(settings.home / "scratch", ignore_errors=True)
    for folder in (settings.rootfs, settings.programs, settings.stamps):
        for partial in folder.glob("*.partial") if folder.is_dir() else ():
            if partial.is_dir():
                shutil.rmtree(partial, ignore_errors=True)
            else:
                partial.unlink()
    if engine.daemon(settings).running() is None:
        for identity in orphans(settings):
            end(identity, signal.SIGKILL)
        network.clean(settings, bridge=False)
