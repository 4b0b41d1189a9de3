"""standins.toml, the declarative file, as values."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TypeVar

from engine.errors import EngineError
from engine.paths import SOURCE

FILE = SOURCE / "standins.toml"
Table = dict[str, object]


@dataclass(frozen=True)
class Debian:
    """Which Debian the root file systems are."""

    suite: str
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rootfs:
    """A Debian root file system."""

    name: str
    packages: tuple[str, ...]
    delete: tuple[str, ...] = ()
    run: tuple[str, ...] = ()


@dataclass(frozen=True)
class PackageFile:
    """One file out of a Debian package that is not installed."""

    name: str
    package: str
    path: str


@dataclass(frozen=True)
class GoModule:
    """A committed Go module (go/NAME) and the programs that are built from it."""

    name: str
    version: str
    programs: dict[str, str]
    """Program name to Go package."""
    variables: dict[str, str] = field(default_factory=dict)
    """Go string variables set by the linker, so that `tool version` tells the truth."""
    env: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The committed module."""
        return SOURCE / "go" / self.name


@dataclass(frozen=True)
class Image:
    """A stand-in image. Paths are those inside the image."""

    name: str
    rootfs: str = ""
    programs: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    text: dict[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    copy: dict[str, str] = field(default_factory=dict)
    host_ca: bool = False
    host_pip: bool = False
    host_go: bool = False
    env: dict[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    user: str = ""
    workdir: str = ""
    for_tests: bool = False
    """Made only when it is asked for."""
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()

    @property
    def modules(self) -> tuple[str, ...]:
        """Names of the Go modules that its programs come from."""
        return tuple(sorted({origin.partition("/")[0] for origin in self.programs.values()}))


@dataclass(frozen=True)
class Recipes:
    """Everything that standins.toml declares."""

    debian: Debian
    rootfs: dict[str, Rootfs]
    files: dict[str, PackageFile]
    modules: dict[str, GoModule]
    images: dict[str, Image]
    builtins: dict[str, Image]

    def without_tests(self) -> Recipes:
        """The same without the images that only tests use."""
        used = {name: image for name, image in self.images.items() if not image.for_tests}
        return replace(self, images=used)


def load(path: Path = FILE) -> Recipes:
    """Read the file; an unknown key, a wrong type or a dangling name is an error that names it."""
    try:
        document = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise EngineError(f"{path} is not valid TOML: {error}.") from error
    unknown = set(document) - {"debian", "rootfs", "files", "go", "image", "builtin"}
    if unknown:
        raise EngineError(f"{path}: unknown table [{min(unknown)}].")
    recipes = Recipes(
        _value(Debian, "debian", _table(document, "debian")),
        _named(Rootfs, "rootfs", document),
        _named(PackageFile, "files", document),
        _named(GoModule, "go", document),
        _named(Image, "image", document),
        _named(Image, "builtin", document),
    )
    _refer(recipes)
    return recipes


T = TypeVar("T", Debian, Rootfs, PackageFile, GoModule, Image)


def _named(kind: type[T], name: str, document: Table) -> dict[str, T]:
    tables = _table(document, name)
    return {
        key: _value(kind, f"{name}.{key}", {"name": key, **_table(tables, key, name)})
        for key in tables
    }


def _table(document: Table, key: str, where: str = "") -> Table:
    value = document.get(key, {})
    if not isinstance(value, dict):
        raise EngineError(f"{FILE.name}: {where}.{key} is not a table.")
    return value


def _value(kind: type[T], where: str, table: Table) -> T:
    known = {item.name.replace("_", "-"): item for item in fields(kind)}
    values: dict[str, object] = {}
    for key, value in table.items():
        if key not in known:
            raise EngineError(f"{FILE.name}: [{where}] has the unknown key {key!r}.")
        item = known[key]
        values[item.name] = _typed(f"{where}.{key}", str(item.type), value)
    try:
        return kind(**values)  # type: ignore[arg-type]  # each value was checked by _typed
    except TypeError as error:
        raise EngineError(f"{FILE.name}: [{where}] lacks a key: {error}.") from error


def _typed(where: str, kind: str, value: object) -> object:
    match kind, value:
        case "str", str():
            return value
        case "bool", bool():
            return value
        case "tuple[str, ...]", list() if all(isinstance(item, str) for item in value):
            return tuple(value)
        case "dict[str, str]", dict() if all(isinstance(item, str) for item in value.values()):
            return value
    raise EngineError(f"{FILE.name}: {where} is not a {kind}.")


def _refer(recipes: Recipes) -> None:
    for owner in recipes.modules.values():
        for name, package in owner.programs.items():
            if name != package.rpartition("/")[2]:
                raise EngineError(f"{FILE.name}: Go names the program of {package} not {name}.")
    for image in (*recipes.images.values(), *recipes.builtins.values()):
        if image.rootfs and image.rootfs not in recipes.rootfs:
            raise EngineError(f"{FILE.name}: {image.name} uses the unknown rootfs {image.rootfs}.")
        for origin in image.programs.values():
            module, _, program = origin.partition("/")
            if module not in recipes.modules or program not in recipes.modules[module].programs:
                raise EngineError(f"{FILE.name}: {image.name} uses the unknown program {origin}.")
        for name in image.files.values():
            if name not in recipes.files:
                raise EngineError(f"{FILE.name}: {image.name} uses the unknown file {name}.")
