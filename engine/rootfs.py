"""Debian root file systems as image layers, each made once by mmdebstrap."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import time
from pathlib import Path

from engine.errors import EngineError
from engine.layers import TIME, Compressor, Layer
from engine.paths import Settings, scratch_folder
from engine.recipes import Debian, PackageFile, Rootfs
from engine.say import clock, line, pulse

CHUNK = 1 << 20


def layer_of(settings: Settings, debian: Debian, rootfs: Rootfs) -> Layer:
    """Give the layer of a root file system, making it if it is not there."""
    key = hashlib.sha256(repr((debian, rootfs)).encode()).hexdigest()[:16]
    facts = settings.rootfs / f"{rootfs.name}-{key}.json"
    path = facts.with_suffix(".tar.gz")
    if facts.exists() and path.exists():
        known = json.loads(facts.read_text())
        return Layer(path, known["digest"], known["size"], known["diff_id"])
    settings.rootfs.mkdir(parents=True, exist_ok=True)
    layer = _make(settings, debian, rootfs, path)
    partial = facts.with_suffix(".partial")
    partial.write_text(
        json.dumps({"digest": layer.digest, "size": layer.size, "diff_id": layer.diff_id})
    )
    partial.replace(facts)
    _forget_older(settings, rootfs.name, key)
    return layer


def _make(settings: Settings, debian: Debian, rootfs: Rootfs, path: Path) -> Layer:
    begun = time.monotonic()
    line(f"rootfs {rootfs.name}: Debian {debian.suite} with {', '.join(rootfs.packages)} …")
    settings.logs.mkdir(parents=True, exist_ok=True)
    log = settings.logs / f"rootfs-{rootfs.name}.log"
    with log.open("wb") as errors, scratch_folder(settings) as scratch:
        process = subprocess.Popen(
            _command(debian, rootfs),
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "SOURCE_DATE_EPOCH": str(TIME), "TMPDIR": str(scratch)},
        )
        with pulse(f"rootfs {rootfs.name}: still being made"):
            layer = _compress(process, path)
        if process.wait() != 0:
            path.unlink(missing_ok=True)
            raise EngineError(_failure(rootfs, log))
    line(f"rootfs {rootfs.name}: done in {clock(time.monotonic() - begun)}")
    return layer


def _compress(process: subprocess.Popen[bytes], path: Path) -> Layer:
    if process.stdout is None:
        raise EngineError("mmdebstrap was started without an output.")
    with Compressor(path) as out:
        while block := process.stdout.read(CHUNK):
            out.write(block)
    return out.layer()


def _command(debian: Debian, rootfs: Rootfs) -> list[str]:
    hooks = [f'rm -f "$1"{shlex.quote(path)}' for path in rootfs.delete]
    hooks += [f'chroot "$1" {command}' for command in rootfs.run]
    return [
        "mmdebstrap",
        "--variant=minbase",
        "--components=main",
        "--quiet",
        f"--include={','.join(rootfs.packages)}",
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in debian.exclude),
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        *(f"--customize-hook={hook}" for hook in hooks),
        # Without a mirror mmdebstrap takes Debian's own, with the suite's updates and security updates.
        debian.suite,
        "-",
    ]


def _failure(rootfs: Rootfs, log: Path) -> str:
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
    return (
        f"Making the root file system {rootfs.name} failed; the end of {log}:\n{tail}\n"
        "If Debian's mirror did not answer, run `python3 -m engine up` again."
    )


def _forget_older(settings: Settings, name: str, key: str) -> None:
    for other in settings.rootfs.glob(f"{name}-*"):
        if not other.name.startswith(f"{name}-{key}."):
            other.unlink()


def package_file(settings: Settings, file: PackageFile) -> Path:
    """Give one file out of a Debian package, which is fetched but not installed.

    Installing docker-registry would start a service of its own on the machine.
    """
    target = settings.programs / f"debian-{file.package}" / Path(file.path).name
    if target.exists():
        return target
    line(f"Debian package {file.package}: fetching {file.path} (nothing is installed) …")
    with scratch_folder(settings) as scratch:
        _fetch(file, scratch)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(scratch / "tree" / file.path.lstrip("/"), target)
    return target


def _fetch(file: PackageFile, folder: Path) -> None:
    download = ["apt-get", "--quiet", "-o", "APT::Sandbox::User=root", "download", file.package]
    if _run(download, folder):
        # The lists of packages are missing, or too old to name a version that is still there.
        _run(["apt-get", "--quiet", "update"], folder)
    problem = _run(download, folder) if not list(folder.glob("*.deb")) else ""
    if not problem:
        package = next(folder.glob("*.deb"))
        problem = _run(["dpkg-deb", "-x", package.name, "tree"], folder)
    if problem:
        raise EngineError(
            f"Fetching the Debian package {file.package} failed: {problem}\n"
            "Look at `apt-get update`, then run `python3 -m engine up` again."
        )


def _run(command: list[str], folder: Path) -> str:
    """Run a command; give what it complained of, or nothing if it went well."""
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return "" if result.returncode == 0 else result.stderr.strip() or f"code {result.returncode}"
