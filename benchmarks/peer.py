"""The peer: peer.sh, a private Docker daemon out of Debian's package, and a registry on the loopback interface."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import size, timed
from benchmarks.results import Figures
from engine.paths import Settings

SCRIPT = Path(__file__).parent / "peer.sh"
PACKAGES = ("docker.io", "containerd")
TOOLS = ("crane", "cosign", "opentofu", "trivy", "osv-scanner")
PORT = 5991


@dataclass(frozen=True, kw_only=True)
class Peer:
    """The script's side, ready to run."""

    folder: Path
    environment: dict[str, str]
    advisories: str

    def run(self, checkout: Path) -> Figures:
        """A release of what is checked out, in a clone of its own, since the script leaves caches in it.

        Its output goes to peer.log.
        """
        clone = self.folder / "checkout"
        if not clone.exists():
            subprocess.run(["git", "clone", "--quiet", str(checkout), str(clone)], check=True)
        subprocess.run(["git", "-C", str(clone), "pull", "--quiet"], check=True)
        registry = f"127.0.0.1:{PORT}/screening"
        before = size(self.folder / "registry")
        command = [
            str(SCRIPT),
            str(clone),
            str(self.folder / "state"),
            registry,
            self.advisories,
        ]

        def work() -> None:
            with (self.folder / "peer.log").open("ab") as log:
                subprocess.run(
                    command, env=self.environment, stdout=log, stderr=log, check=True, timeout=1200
                )

        wall, cpu = timed(work)
        kept = [self.folder / name for name in ("state", "docker", "registry")]
        pushed = size(self.folder / "registry") - before
        return Figures(wall=wall, cpu=cpu, pushed=pushed, disk=size(*kept))


@contextmanager
def peer(folder: Path, engine: Settings, advisories: str) -> Iterator[Peer]:
    """The script's side with empty caches; the daemon and the registry are ended, the folder is the caller's."""
    programs = _docker(folder)
    tools = [str(_newest(engine, name)) for name in TOOLS]
    path = os.pathsep.join([*tools, *map(str, programs), os.environ["PATH"], "/usr/sbin", "/sbin"])
    socket = folder / "docker.sock"
    foreign = ("DOCKER_", "DAGGER_", "_EXPERIMENTAL_DAGGER", "PYTHONPATH")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    environment = kept | {"PATH": path, "DOCKER_HOST": f"unix://{socket}"}
    started = []
    try:
        with (folder / "daemons.log").open("ab") as log:
            for command in (_daemon(folder, socket, engine.port), _registry(folder, engine)):
                started.append(
                    subprocess.Popen(
                        command, env=environment, stdout=log, stderr=log, start_new_session=True
                    )
                )
        _wait(environment)
        yield Peer(folder=folder, environment=environment, advisories=advisories)
    finally:
        for process in started:
            process.terminate()
            process.wait(timeout=60)
        # Docker leaves the network of its containers mounted there.
        subprocess.run(
            ["umount", str(folder / "exec" / "netns" / "default")], capture_output=True, check=False
        )


def _docker(folder: Path) -> tuple[Path, Path]:
    """Docker out of Debian's packages; nothing is installed."""
    target = folder / "debian"
    target.mkdir(parents=True)
    download = ["apt-get", "download", "--quiet", *PACKAGES]
    if subprocess.run(download, cwd=target, capture_output=True, check=False).returncode:
        subprocess.run(["apt-get", "update"], capture_output=True, check=False)
        done = subprocess.run(download, cwd=target, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(
                f"The peer needs Debian's docker.io, which cannot be had: {' '.join(download)}"
            )
    for package in target.glob("*.deb"):
        subprocess.run(["dpkg-deb", "--extract", str(package), str(target)], check=True)
    return target / "usr" / "bin", target / "usr" / "sbin"


def _newest(engine: Settings, name: str) -> Path:
    """The folder of a tool that was built for the engine's images: both sides run the very same programs."""
    return max(engine.programs.glob(f"{name}-*"), key=lambda path: path.stat().st_mtime)


def _daemon(folder: Path, socket: Path, mirror: int) -> list[str]:
    config = folder / "daemon.json"
    settings = {
        "registry-mirrors": [f"http://127.0.0.1:{mirror}"],
        "insecure-registries": [f"127.0.0.1:{mirror}", f"127.0.0.1:{PORT}"],
    }
    config.write_text(json.dumps(settings))
    return [
        "dockerd", f"--config-file={config}", f"--data-root={folder / 'docker'}", f"--exec-root={folder / 'exec'}",
        f"--host=unix://{socket}", f"--pidfile={folder / 'docker.pid'}",
        "--bridge=none", "--iptables=false", "--ip6tables=false",
    ]  # fmt: skip


def _registry(folder: Path, engine: Settings) -> list[str]:
    config = folder / "registry.yml"
    storage = {"filesystem": {"rootdirectory": str(folder / "registry")}}
    # JSON is YAML.
    config.write_text(
        json.dumps({"version": 0.1, "storage": storage, "http": {"addr": f"127.0.0.1:{PORT}"}})
    )
    program = engine.programs / "debian-docker-registry" / "docker-registry"
    return ["env", "OTEL_TRACES_EXPORTER=none", str(program), "serve", str(config)]


def _wait(environment: dict[str, str]) -> None:
    until = time.monotonic() + 60
    docker = shutil.which("docker", path=environment["PATH"]) or "docker"
    while subprocess.run(
        [docker, "version"], env=environment, capture_output=True, check=False
    ).returncode:
        if time.monotonic() > until:
            raise SystemExit(
                "The peer's Docker daemon does not answer; see daemons.log in its folder."
            )
        time.sleep(0.2)
