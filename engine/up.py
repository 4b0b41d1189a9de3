"""The order of things: what is made from what, side by side where nothing stands between."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from engine import engine, images, registry
from engine.build import built, go_facts
from engine.images import Inputs
from engine.layers import Layer
from engine.paths import Settings, scratch_folder
from engine.recipes import Image, Recipes
from engine.rootfs import layer_of, package_file
from engine.say import line, step

CNI = Path("/usr/lib/cni")
TWO_LINKERS = 7e9
"""Bytes of memory from which on two programs are built at a time."""
PLUGINS = ("bridge", "firewall", "host-local", "loopback")


class Workshop:
    """Makes each thing once, at the time something first needs it."""

    def __init__(self, settings: Settings, recipes: Recipes, pool: ThreadPoolExecutor) -> None:
        """Work for one `up` on the threads of `pool`."""
        self._settings = settings
        self._recipes = recipes
        self._pool = pool
        self._go = go_facts("GOVERSION", "GOROOT")
        self._rootfs: dict[str, Future[Layer]] = {}
        self._modules: dict[str, Future[Path]] = {}

    def begin(self, image: Image) -> None:
        """Begin whatever an image needs and nobody has begun."""
        if image.rootfs and image.rootfs not in self._rootfs:
            recipe = self._recipes.rootfs[image.rootfs]
            self._rootfs[image.rootfs] = self._pool.submit(
                layer_of, self._settings, self._recipes.debian, recipe
            )
        for name in image.modules:
            if name not in self._modules:
                module = self._recipes.modules[name]
                self._modules[name] = self._pool.submit(
                    built, self._settings, module, self._go["GOVERSION"]
                )

    def programs(self, module: str) -> Path:
        """Wait for a module's programs; give their folder."""
        return self._modules[module].result()

    def inputs(self, image: Image) -> Inputs:
        """Wait for all that an image is made of."""
        base = self._rootfs[image.rootfs].result() if image.rootfs else None
        programs = {}
        for path, origin in image.programs.items():
            module, _, program = origin.partition("/")
            programs[path] = self.programs(module) / program
        files = {
            path: package_file(self._settings, self._recipes.files[name])
            for path, name in image.files.items()
        }
        return Inputs(base, programs, files, Path(self._go["GOROOT"]), self._go["GOVERSION"])


def bring_up(settings: Settings, recipes: Recipes) -> list[str]:
    """Make what is missing and start what is not running; give a line for each thing done."""
    done: list[str] = []
    with _pool() as pool:
        workshop = Workshop(settings, recipes, pool)
        for image in (*recipes.builtins.values(), *recipes.images.values()):
            workshop.begin(image)
        program = package_file(settings, recipes.files["registry"])
        if registry.start(settings, program):
            done.append(f"mirror registry started on 127.0.0.1:{settings.port}")
        builtins = {
            name: _built_in(settings, workshop, image) for name, image in recipes.builtins.items()
        }
        _install(settings, workshop.programs("dagger"))
        engine.install_dnsmasq(settings)
        if engine.start(settings, builtins):
            line("the engine runs")
            done.append("engine started")
        for image in recipes.images.values():
            if _published(settings, workshop, image):
                done.append(image.name)
    return done


@contextmanager
def _pool() -> Iterator[ThreadPoolExecutor]:
    """Two at a time: one downloads while the other compiles. Linking two needs the memory for it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    pool = ThreadPoolExecutor(max_workers=2 if memory > TWO_LINKERS else 1)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _install(settings: Settings, programs: Path) -> None:
    """Put the programs where people and the engine look for them; a link is replaced in one step."""
    places = {
        settings.bin / "dagger": programs / "dagger",
        settings.bin / "dagger-engine": programs / "engine",
        settings.bin / "dagger-init": programs / "init",
        settings.bin / "dial-stdio": programs / "dialstdio",
        settings.plugins / "dnsname": programs / "dnsname",
    }
    places |= {settings.plugins / name: CNI / name for name in PLUGINS}
    for link, target in places.items():
        link.parent.mkdir(parents=True, exist_ok=True)
        partial = link.with_name(f".{link.name}.partial")
        partial.unlink(missing_ok=True)
        partial.symlink_to(target)
        partial.replace(link)


def _built_in(settings: Settings, workshop: Workshop, image: Image) -> str:
    inputs = workshop.inputs(image)
    key = images.key_of(image, inputs)
    stamp = settings.stamps / f"builtin-{image.name}.json"
    known = _stamped(stamp, key)
    if known and (settings.content / "blobs" / "sha256" / known.removeprefix("sha256:")).exists():
        return known
    with step(f"built-in image {image.name}"), scratch_folder(settings) as scratch:
        made = images.make(image, inputs, scratch / "layer.tar.gz")
        images.build_in(settings, made)
    _stamp(stamp, key, image.name, made.digest)
    return made.digest


def _published(settings: Settings, workshop: Workshop, image: Image) -> bool:
    repository, tag = mirror_name(image.name)
    inputs = workshop.inputs(image)
    key = images.key_of(image, inputs)
    stamp = settings.stamps / (image.name.replace("/", "_").replace(":", "_") + ".json")
    known = _stamped(stamp, key)
    if known and registry.has(settings.port, repository, known):
        return False
    with step(f"stand-in {image.name}"), scratch_folder(settings) as scratch:
        made = images.make(image, inputs, scratch / "layer.tar.gz")
        images.publish(settings.port, repository, tag, made)
    _stamp(stamp, key, image.name, made.digest)
    return True


def mirror_name(name: str) -> tuple[str, str]:
    """Give an image's repository and tag in a mirror: its name without the registry's host."""
    path, _, tag = name.rpartition(":")
    return path.partition("/")[2], tag


def _stamped(path: Path, key: str) -> str:
    try:
        known = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return ""
    return str(known["digest"]) if known.get("key") == key and "name" in known else ""


def _stamp(path: Path, key: str, name: str, digest: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps({"key": key, "name": name, "digest": digest}))
    partial.replace(path)
