"""Files, folders and containers of the engine in memory, and the errors that it answers with.

A real `dagger` object may be built without a connection too; these can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import SimpleNamespace
from typing import Any

import dagger
from dagger._exceptions import QueryErrorValue
from slipway.oci.digests import Digest


class EngineError(dagger.QueryError):
    """What the engine answers to a query that fails."""

    def __init__(self, message: str) -> None:
        self.message = message
        Exception.__init__(self, message)

    def __new__(cls, message: str) -> EngineError:
        """Past the client's own, which looks for a type in the server's answer."""
        return Exception.__new__(cls, message)

    def __str__(self) -> str:
        """The message alone."""
        return self.message


def exec_error(exit_code: int, stderr: str = "", stdout: str = "") -> dagger.ExecError:
    """What the engine answers where a command of a container fails."""
    value = QueryErrorValue(
        "a command failed",
        extensions={
            "_type": "EXEC_ERROR",
            "cmd": ["program", "argument"],
            "exitCode": exit_code,
            "stdout": stdout,
            "stderr": stderr,
        },
    )
    failed: Any = dagger.ExecError
    error: dagger.ExecError = failed([value], SimpleNamespace(document=None))
    return error


class _Itself:
    """Equal to itself only: the client's own objects are equal where their queries are, and these have none."""

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


class FakeFile(_Itself, dagger.File):
    """A file with a text; a file that is not there fails when it is read, as the engine's do."""

    def __init__(self, text: str | None, path: str = "file") -> None:
        self.text = text
        self.path = path

    async def contents(self, **options: Any) -> str:
        """The text."""
        del options
        if self.text is None:
            raise EngineError(f"{self.path}: no such file or directory")
        return self.text


class FakeDirectory(_Itself, dagger.Directory):
    """A folder: texts by their paths."""

    def __init__(self, files: Mapping[str, str] | None = None) -> None:
        self.files = dict(files or {})

    def file(self, path: str) -> FakeFile:
        """A file of it; nothing fails before it is read."""
        return FakeFile(self.files.get(path.strip("/")), path)

    def directory(self, path: str) -> FakeDirectory:
        """A folder in it."""
        top = path.strip("/") + "/"
        return FakeDirectory(
            {
                name.removeprefix(top): text
                for name, text in self.files.items()
                if name.startswith(top)
            }
        )

    async def entries(self, *, path: str | None = None) -> list[str]:
        """What is in it, one level deep."""
        folder = self.directory(path) if path else self
        return sorted({name.partition("/")[0] for name in folder.files})

    async def exists(self, path: str, **options: Any) -> bool:
        """Whether there is such a file or folder."""
        del options
        return path.strip("/") in self._paths()

    async def glob(self, pattern: str) -> list[str]:
        """The paths of files and folders that match."""
        return sorted(path for path in self._paths() if _matches(path, pattern))

    def filter(
        self, *, exclude: list[str] | None = None, include: list[str] | None = None, **options: Any
    ) -> FakeDirectory:
        """The part of it that patterns choose; a pattern that matches a folder stands for all of it."""
        del options
        return FakeDirectory(
            {
                path: text
                for path, text in self.files.items()
                if include is None or _chosen(path, include)
                if not _chosen(path, exclude or [])
            }
        )

    def with_new_file(self, path: str, contents: str, **options: Any) -> FakeDirectory:
        """The folder with a file."""
        del options
        return FakeDirectory(self.files | {path.strip("/"): contents})

    def with_file(self, path: str, source: dagger.File, **options: Any) -> FakeDirectory:
        """The folder with another folder's file, if that is there."""
        del options
        text = source.text if isinstance(source, FakeFile) else None
        return FakeDirectory(self.files | ({path.strip("/"): text} if text is not None else {}))

    def without_file(self, path: str) -> FakeDirectory:
        """The folder without a file."""
        return FakeDirectory({name: text for name, text in self.files.items() if name != path})

    def without_directory(self, path: str) -> FakeDirectory:
        """The folder without a folder."""
        return self.filter(exclude=[path])

    def _paths(self) -> set[str]:
        return {parent for path in self.files for parent in _parents(path)}


def _parents(path: str) -> list[str]:
    """A path and the folders above it."""
    parts = path.split("/")
    return ["/".join(parts[: number + 1]) for number in range(len(parts))]


def _matches(path: str, pattern: str) -> bool:
    return pattern == "**" or any(
        fnmatchcase(path, each) for each in (pattern, pattern.removeprefix("**/"))
    )


def _chosen(path: str, patterns: Sequence[str]) -> bool:
    return any(_matches(parent, pattern) for parent in _parents(path) for pattern in patterns)


@dataclass(frozen=True)
class Call:
    """A method that a container was made with."""

    name: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]


Printed = str | Exception


class FakeContainer(_Itself, dagger.Container):
    """A container that remembers how it was made.

    `content` are its files and folders by their paths; `printed` what a command prints, by the command's first word, or
    the error that it ends with; `gone` the images that no registry serves any more.
    """

    def __init__(
        self,
        content: Mapping[str, Any] | None = None,
        *,
        address: str = "",
        printed: Mapping[str, Printed] | None = None,
        gone: frozenset[str] = frozenset(),
        calls: tuple[Call, ...] = (),
    ) -> None:
        self.content = {
            path: FakeFile(each, path) if isinstance(each, str) else each
            for path, each in (content or {}).items()
        }
        self.address = address
        self.printed = printed or {}
        self.gone = gone
        self.calls = calls

    def called(self, name: str, *arguments: Any, **options: Any) -> FakeContainer:
        """The container after one more method; `content` of it is what a path of the first argument holds then."""
        content = dict(self.content)
        if name in _PLACING:
            place = arguments[1]
            content[arguments[0]] = FakeFile(place) if isinstance(place, str) else place
        return FakeContainer(
            content,
            address=self.address,
            printed=self.printed,
            gone=self.gone,
            calls=(*self.calls, Call(name, arguments, options)),
        )

    def file(self, path: str, **options: Any) -> FakeFile:
        """A file in it, also in a folder that is mounted."""
        del options
        there = self.content.get(path)
        if isinstance(there, FakeFile):
            return there
        for place, folder in reversed(self.content.items()):
            if isinstance(folder, FakeDirectory) and path.startswith(place.rstrip("/") + "/"):
                return folder.file(path.removeprefix(place.rstrip("/")))
        return FakeFile(None, path)

    def directory(self, path: str, **options: Any) -> FakeDirectory:
        """A folder in it: one that is mounted, or the files below a path."""
        del options
        there = self.content.get(path)
        if isinstance(there, FakeDirectory):
            return there
        top = path.rstrip("/") + "/"
        return FakeDirectory(
            {
                place.removeprefix(top): each.text or ""
                for place, each in self.content.items()
                if place.startswith(top) and isinstance(each, FakeFile)
            }
        )

    async def exists(self, path: str, **options: Any) -> bool:
        """Whether it has such a file."""
        del options
        return self.file(path).text is not None

    async def stdout(self) -> str:
        """What its last command printed."""
        printed = self._printed()
        if isinstance(printed, Exception):
            raise printed
        return printed

    async def exit_code(self) -> int:
        """The exit code of its last command."""
        printed = self._printed()
        return printed.exit_code if isinstance(printed, dagger.ExecError) else 0

    def _printed(self) -> Printed:
        commands = [call.arguments[0] for call in self.calls if call.name == "with_exec"]
        return self.printed.get(commands[-1][0], "") if commands else ""

    async def image_ref(self) -> str:
        """The address of its image, with a digest."""
        if "@" in self.address:
            return self.address
        return f"{self.address}@{Digest.of(self.address.encode())}"

    async def sync(self) -> FakeContainer:
        """Nothing, where its image can be had."""
        if self.address in self.gone:
            raise EngineError(f"{self.address}: not found")
        return self

    def as_tarball(self, **options: Any) -> FakeFile:
        """A file that stands for it."""
        del options
        return FakeFile(f"tar of {self.address}")

    def as_service(self, **options: Any) -> dagger.Service:
        """A service that is never started."""
        return dagger.dag.container().as_service(**options)


_PLACING = {
    "with_new_file", "with_file", "with_directory", "with_mounted_file", "with_mounted_directory",
}  # fmt: skip


def _recording(name: str) -> Callable[..., FakeContainer]:
    def method(container: FakeContainer, *arguments: Any, **options: Any) -> FakeContainer:
        return container.called(name, *arguments, **options)

    return method


for _name in dir(dagger.Container):
    if _name.startswith(("with_", "without_")):
        setattr(FakeContainer, _name, _recording(_name))
