"""Where everything lives, and the few settings that come from the environment."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.errors import EngineError

HOME = "SLIPWAY_ENGINE_HOME"
PORT = "SLIPWAY_ENGINE_REGISTRY_PORT"
NETWORK = "SLIPWAY_ENGINE_NETWORK"
CIDR = "SLIPWAY_ENGINE_CIDR"

DEFAULT_PORT = 5199
DEFAULT_NETWORK = "slipway"
DEFAULT_CIDR = "10.87.0.0/16"
LONGEST = 90
"""Letters of a home's path: the path of a Unix socket in it has at most 107 bytes (unix(7))."""
SOURCE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Settings:
    """One engine: its folder, and what it takes of the machine's network."""

    home: Path
    port: int
    """Port of the mirror registry on 127.0.0.1."""
    network: str
    """Name of the containers' network; the bridge is this name and a 0."""
    cidr: str
    """Address range of the containers, a /16."""

    @property
    def bin(self) -> Path:
        """Programs that people and the engine run."""
        return self.home / "bin"

    @property
    def plugins(self) -> Path:
        """Network plug-ins (CNI) of the engine."""
        return self.home / "cni"

    @property
    def programs(self) -> Path:
        """Go programs, one folder for each build."""
        return self.home / "programs"

    @property
    def rootfs(self) -> Path:
        """Debian root file systems, as image layers."""
        return self.home / "rootfs"

    @property
    def content(self) -> Path:
        """The engine's built-in images: an OCI layout's ``blobs``."""
        return self.home / "content"

    @property
    def stamps(self) -> Path:
        """What each image was made from, and the digest that it got."""
        return self.home / "images"

    @property
    def state(self) -> Path:
        """The engine's own state: its cache, cache volumes, history."""
        return self.home / "state"

    @property
    def run(self) -> Path:
        """Sockets, process identities, configuration of what runs."""
        return self.home / "run"

    @property
    def logs(self) -> Path:
        """Logs of the processes and of the builds."""
        return self.home / "logs"

    @property
    def registry(self) -> Path:
        """The mirror registry's data."""
        return self.home / "registry"

    @property
    def socket(self) -> Path:
        """Where the engine listens."""
        return self.run / "engine.sock"


def settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; whatever is not set has a default.

    An engine with a folder of its own gets a network of its own too, so that it runs beside others.
    """
    usual = _cache(environment) / "slipway" / "engine"
    home = Path(environment.get(HOME) or usual).expanduser().absolute()
    if len(str(home)) > LONGEST:
        raise EngineError(
            f"{HOME}={home}: a socket has to fit in there, choose a path of at most {LONGEST} letters."
        )
    network, cidr = _network(home, usual)
    name = environment.get(NETWORK) or network
    if not (name.isalnum() and len(name) <= 12):
        raise EngineError(f"{NETWORK}={name}: use at most 12 letters and digits.")
    return Settings(home, _port(environment), name, _range(environment.get(CIDR) or cidr))


def _cache(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("XDG_CACHE_HOME") or "~/.cache").expanduser()


def _port(environment: Mapping[str, str]) -> int:
    text = environment.get(PORT) or str(DEFAULT_PORT)
    if not (text.isdigit() and 0 < int(text) < 65536):
        raise EngineError(f"{PORT}={text}: a port is a number from 1 to 65535.")
    return int(text)


def _range(text: str) -> str:
    try:
        if ipaddress.IPv4Network(text).prefixlen <= 24:
            return text
    except ValueError:
        pass
    raise EngineError(f"{CIDR}={text}: give a range of at least 256 addresses, as 10.87.0.0/16.")


def _network(home: Path, usual: Path) -> tuple[str, str]:
    if home == usual.absolute():
        return DEFAULT_NETWORK, DEFAULT_CIDR
    digest = hashlib.sha256(str(home).encode()).digest()
    return f"slp{digest[:3].hex()}", f"10.{100 + digest[3] % 100}.0.0/16"


@contextmanager
def scratch_folder(own: Settings) -> Iterator[Path]:
    """Give a folder for the time being; what a killed command leaves of it, the next one removes."""
    whole = own.home / "scratch"
    whole.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=whole) as name:
        yield Path(name)
