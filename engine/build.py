"""Go programs: built static from committed modules, kept by everything that went into them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from engine.errors import EngineError
from engine.paths import Settings
from engine.recipes import GoModule
from engine.say import clock, line, pulse


def go_environment(module: GoModule | None = None) -> dict[str, str]:
    """Give Go's environment: the person's own caches and proxy, but none of their build flags."""
    unwanted = {"GOFLAGS", "GOOS", "GOARCH", "GOEXPERIMENT", "GOWORK"}
    environment = {key: value for key, value in os.environ.items() if key not in unwanted}
    environment |= {"CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": ""}
    return environment | (module.env if module else {})


def go_facts(*names: str) -> dict[str, str]:
    """Ask `go env` for some of its variables."""
    result = subprocess.run(
        ["go", "env", "-json", *names],
        capture_output=True,
        text=True,
        check=True,
        env=go_environment(),
        cwd="/",
    )
    facts: dict[str, str] = json.loads(result.stdout)
    return facts


def built(settings: Settings, module: GoModule, go_version: str) -> Path:
    """Give the folder with the module's programs, building them if they are not there."""
    folder = settings.programs / f"{module.name}-{_key(module, go_version)}"
    if folder.is_dir():
        return folder
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    _compile(settings, module, partial)
    partial.rename(folder)
    _forget_older(settings, module, folder)
    return folder


def _key(module: GoModule, go_version: str) -> str:
    digest = hashlib.sha256(repr((go_version, module)).encode())
    for path in sorted(module.folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(module.folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _compile(settings: Settings, module: GoModule, target: Path) -> None:
    begun = time.monotonic()
    name = f"{module.name} {module.version}"
    line(f"{name}: compiling {', '.join(sorted(module.programs))} …")
    log = settings.logs / f"build-{module.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    _go_build(module, target, log)
    line(f"{name}: built in {clock(time.monotonic() - begun)}")


def _go_build(module: GoModule, target: Path, log: Path) -> None:
    variables = " ".join(f"-X {key}={value}" for key, value in module.variables.items())
    command = [
        "go",
        "build",
        "-mod=readonly",
        "-trimpath",
        "-buildvcs=false",
        # The linker drops debug information anyway (-s -w); not making any saves a tenth of the time.
        "-gcflags=all=-dwarf=false",
        f"-ldflags=-s -w {variables}".rstrip(),
        "-o",
        f"{target}/",  # a folder: each program gets the last part of its package's path as its name
        *module.programs.values(),
    ]
    what = f"{module.name} {module.version}: still compiling"
    with log.open("wb") as out, pulse(what):
        code = subprocess.run(
            command,
            cwd=module.folder,
            env=go_environment(module),
            stdout=out,
            stderr=out,
            check=False,
        ).returncode
    if code != 0:
        line(f"{module.name} {module.version}: failed; whatever else is being built ends first")
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise EngineError(
            f"Building {module.name} {module.version} failed; the end of {log}:\n{tail}\n"
            "If a download failed, run `python3 -m engine up` again: it goes on from here."
        )


def _forget_older(settings: Settings, module: GoModule, current: Path) -> None:
    for other in settings.programs.glob(f"{module.name}-*"):
        if other != current and other.name.rpartition("-")[0] == module.name:
            shutil.rmtree(other, ignore_errors=True)
