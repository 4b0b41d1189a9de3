"""The pinned tool containers: every step runs in one of them.

Every step runs on the Python image, with the one static binary it needs copied out of the tool's own image: a
shell is there when a step has to be debugged, and each step is timed by the same small program.

Their images are in `images`, in the files of the gates, and in those of the infrastructure engines.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

import dagger
from dagger import dag

from ..errors import ConfigError
from .concurrency import concurrently
from .images import PYTHON, ToolImage
from .memo import memoize

VERSION: Final = "0.1.0"  # of ci/pyproject.toml, as a test sees
PACKAGE: Final = Path(__file__).parents[1]
LIBRARY: Final = "/opt/slipway"  # where steps find slipway.steps
PIP_CACHE: Final = "slipway-pip"
# The folders that our programs inside stages import.
STEPS: Final = ("steps", "attestations", "verdicts", "oci", "formats")
# `nonroot` of the distroless images: no such user exists on a base image.
NOBODY: Final = "65532:65532"
# A name of its own: the key of a stage, which is set later, would take the mark's place under the same one.
FRESH: Final = "SLIPWAY_FRESH"
# How what loads a model is started: without a network (steps.offline), and by the image's own Python without the
# packages of anybody.
OFFLINE: Final = ("/usr/local/bin/python3", "-I", "-S", f"{LIBRARY}/slipway/steps/offline.py")


@dataclass(frozen=True, kw_only=True)
class Tools:
    """The tool containers under one lock of images."""

    lock: Mapping[str, str] = field(default_factory=dict)
    # Anything: what is asked of containers with another mark than before is not answered from the engine's cache.
    fresh: str = ""
    # How the engine gets our own files: a module and a Python client have different ways.
    own: Callable[[tuple[str, ...]], dagger.Directory] = field(
        default=lambda folders: from_host(folders)
    )

    def reference(self, image: ToolImage) -> str:
        """The image reference of a tool, from the lock where it has one."""
        return self.lock.get(image.name, image.reference)

    @memoize
    def image(self, image: ToolImage) -> dagger.Container:
        """The tool's own image, as it is published."""
        return dag.container().from_(self.reference(image))

    @memoize
    def python(self) -> dagger.Container:
        """The Python image that every step runs on; prints at once and leaves no byte-code behind."""
        container = self.image(PYTHON)
        if self.fresh:
            container = container.with_env_variable(FRESH, self.fresh)
        return (
            container.with_env_variable("PYTHONDONTWRITEBYTECODE", "1")
            .with_env_variable("PYTHONUNBUFFERED", "1")
            .with_env_variable("PYTHONPATH", LIBRARY)
            .with_env_variable("PIP_DISABLE_PIP_VERSION_CHECK", "1")
            .with_env_variable("PIP_ROOT_USER_ACTION", "ignore")
            .with_directory(LIBRARY, self.library("steps"))
        )

    @memoize
    def volume(self, name: str) -> dagger.CacheVolume:
        """A volume of the engine that lasts between runs."""
        return dag.cache_volume(name)

    def with_locked(self, container: dagger.Container, name: str) -> dagger.Container:
        """The container with the packages of one of our own locks, for our programs that need more than Python."""
        lock = self.own(("locks",)).file(f"slipway/locks/{name}.lock")
        folder = f"/opt/{name}"
        return (
            container.with_mounted_cache("/root/.cache/pip", self.volume(PIP_CACHE))
            .with_mounted_file("/own.lock", lock)
            .with_exec(
                [
                    "pip", "install", "--require-hashes", "--no-deps", "--only-binary=:all:",
                    "--target", folder, "-r", "/own.lock",
                ]
            )
            .without_mount("/own.lock")
            .without_mount("/root/.cache/pip")
            .with_env_variable("PYTHONPATH", f"{LIBRARY}:{folder}")
        )  # fmt: skip

    @memoize
    def tool_container(self, *images: ToolImage, locked: str = "") -> dagger.Container:
        """The Python image with the binaries of these images on its PATH, and the packages of one of our locks."""
        container = self.with_locked(self.python(), locked) if locked else self.python()
        for image in images:
            container = container.with_file(
                f"/usr/local/bin/{image.command}", self.image(image).file(image.binary)
            )
        return container

    async def resolved(self, images: Sequence[ToolImage]) -> dict[str, str]:
        """Images by name, each with the digest that it stands for now."""
        pinned = await concurrently(*(self.image(image).image_ref() for image in images))
        return {image.name: reference for image, reference in zip(images, pinned, strict=True)}

    @memoize
    def assembler(self) -> dagger.Container:
        """The Python image with the pure folders too: what writes layers, manifests and layouts."""
        return self.python().with_directory(LIBRARY, self.library(*STEPS))

    @memoize
    def library(self, *folders: str) -> dagger.Directory:
        """Our own files that run inside a step, as the package `slipway`."""
        return self.own(folders).with_new_file("slipway/__init__.py", "")


def slipway_version() -> str:
    """Slipway's version as verdicts name it: that of the package, and the beginning of its fingerprint."""
    return f"{VERSION}+{fingerprint().removeprefix('sha256:')[:12]}"


@cache
def fingerprint() -> str:
    """Which Slipway this is: a digest of its own files, rules and templates included."""
    found = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        if not path.is_file() or "__pycache__" in path.parts:
            continue
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        found.update(f"{content}  {path.relative_to(PACKAGE).as_posix()}\n".encode())
    return f"sha256:{found.hexdigest()}"


# Our own files are handed over as folders and not by their contents: those would stand in every single request to
# the engine, 48 MB of them in a release that had nothing to do.
def from_host(folders: tuple[str, ...]) -> dagger.Directory:
    """Our own files, for a Python client: from where we are installed."""
    include = ["slipway/errors.py"]
    include += [
        f"slipway/{folder}/**/*.{suffix}" for folder in folders for suffix in ("py", "lock")
    ]
    return dag.host().directory(str(PACKAGE.parent), include=include)


def from_module(folders: tuple[str, ...]) -> dagger.Directory:
    """Our own files, for a module: from a copy in its work folder, the only place that it may upload from."""
    return dag.current_module().workdir(_copied(folders))


@cache
def _copied(folders: tuple[str, ...]) -> str:
    target = Path(f".slipway-{'-'.join(folders)}")
    (target / "slipway").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PACKAGE / "errors.py", target / "slipway" / "errors.py")
    for folder in folders:
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(
            PACKAGE / folder, target / "slipway" / folder, ignore=ignore, dirs_exist_ok=True
        )
    return str(target)


async def tools_from(lock: dagger.File | None, catalogue: Sequence[ToolImage]) -> Tools:
    """A module's tools under a lock file: JSON, an object from a name in the catalogue to a reference with a digest.

    Raises ConfigError where the file is no such object or names an image without a digest.
    """
    if lock is None:
        return Tools(own=from_module)
    try:
        content = json.loads(await lock.contents())
    except ValueError as error:
        raise ConfigError(f"the image lock is not JSON: {error}") from error
    return Tools(lock=checked_lock(content, catalogue), own=from_module)


def checked_lock(content: object, catalogue: Sequence[ToolImage]) -> Mapping[str, str]:
    """What an image lock holds; raises ConfigError for a name that is not in the catalogue, or without a digest."""
    known = [image.name for image in catalogue]
    if not isinstance(content, dict):
        raise ConfigError(
            "the image lock is not a JSON object", remedy='Write {"python": "…@sha256:…"}'
        )
    for name, reference in content.items():
        if name not in known:
            raise ConfigError(
                f"the image lock names {name!r}", remedy=f"It may name: {', '.join(known)}"
            )
        if not isinstance(reference, str) or "@sha256:" not in reference:
            raise ConfigError(
                f"the image lock names {name} without a digest", remedy="Write it as name@sha256:…"
            )
    return content
