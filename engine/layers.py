"""Image layers, written so that the same input gives the same bytes.

A layer is a tar file (OCI image specification, layer.md), here always sorted, owned by root, with
one time for all files, compressed by pigz, whose output does not depend on the number of cores.
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from engine.errors import EngineError

if TYPE_CHECKING:
    from typing_extensions import Buffer

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
TIME = 1767225600
"""Time of every file: 2026-01-01T00:00:00Z, in seconds."""

# Folders that every root file system has, with an owner and a mode of their own: left alone.
STANDARD = frozenset(
    [
        ".",
        "etc",
        "root",
        "run",
        "tmp",
        "usr",
        "usr/bin",
        "usr/lib",
        "usr/local",
        "usr/local/bin",
        "usr/sbin",
        "usr/share",
        "var",
        "var/lib",
    ]
)
# In Debian these are links into /usr; a folder of the same name in a layer would replace the link.
MERGED = frozenset(["bin", "lib", "lib64", "sbin"])


@dataclass(frozen=True)
class Layer:
    """A compressed layer on disk."""

    path: Path
    digest: str
    """sha256 of the compressed bytes, with its prefix."""
    size: int
    """Bytes, compressed."""
    diff_id: str
    """sha256 of the tar file itself, with its prefix."""


@dataclass(frozen=True)
class Entry:
    """What stands at one path of a layer: exactly one of the three, or an empty folder."""

    source: Path | None = None
    data: bytes | None = None
    link: str | None = None
    mode: int = 0o644


def write_layer(entries: Mapping[str, Entry], path: Path) -> Layer:
    """Write the layer to `path`; parent folders are made by the way."""
    with Compressor(path) as out:
        stream = tarfile.open(None, "w|", _Stream(out), format=tarfile.PAX_FORMAT)  # noqa: SIM115
        with stream as tar:
            for name, entry in _with_parents(entries):
                _add(tar, name, entry)
    return out.layer()


class Compressor:
    """A stream into pigz that takes both digests of what passes through."""

    def __init__(self, path: Path) -> None:
        """Compress into `path`, which appears only once it is whole."""
        self._path = path
        self._partial = path.with_name(path.name + ".partial")
        self._plain = hashlib.sha256()

    def __enter__(self) -> Compressor:
        """Start pigz."""
        self._file = self._partial.open("wb")
        self._pigz = subprocess.Popen(
            ["pigz", "--no-name", "--no-time", "--processes", "2", "-6"],
            stdin=subprocess.PIPE,
            stdout=self._file,
        )
        return self

    def write(self, data: bytes) -> int:
        """Take some bytes of the tar file."""
        self._plain.update(data)
        return self._input().write(data)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Finish; on an error leave nothing."""
        self._input().close()
        code = self._pigz.wait()
        self._file.close()
        if kind is not None or code != 0:
            self._partial.unlink()
            if kind is None:
                raise EngineError(
                    f"pigz failed ({code}) while it wrote {self._path}: is the disk full?"
                )
            return
        self._partial.replace(self._path)

    def layer(self) -> Layer:
        """Give the finished layer."""
        return Layer(
            self._path,
            file_digest(self._path),
            self._path.stat().st_size,
            f"sha256:{self._plain.hexdigest()}",
        )

    def _input(self) -> IO[bytes]:
        if self._pigz.stdin is None:
            raise EngineError("pigz was started without an input.")
        return self._pigz.stdin


class _Stream(io.BufferedIOBase):
    """A compressor as the kind of file that `tarfile` writes to."""

    def __init__(self, out: Compressor) -> None:
        self._out = out

    def write(self, data: Buffer, /) -> int:
        return self._out.write(bytes(data))


def file_digest(path: Path) -> str:
    """Give a file's sha256, with its prefix."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def tree(folder: Path, inside: str, skip: frozenset[str] = frozenset()) -> dict[str, Entry]:
    """Give the entries of a whole folder, links followed; `skip` names folders at its top."""
    entries: dict[str, Entry] = {}
    for place, names, files in os.walk(folder, followlinks=True):
        here = Path(place)
        if here == folder:
            names[:] = [name for name in names if name not in skip]
        for name in files:
            source = here / name
            mode = 0o755 if os.access(source, os.X_OK) else 0o644
            key = str(PurePosixPath(inside) / source.relative_to(folder).as_posix())
            entries[key] = Entry(source=source, mode=mode)
    return entries


def _with_parents(entries: Mapping[str, Entry]) -> Iterator[tuple[str, Entry]]:
    known = {_merged(name.strip("/")): entry for name, entry in entries.items()}
    for name in list(known):
        for parent in map(str, PurePosixPath(name).parents):
            if parent not in STANDARD:
                known.setdefault(parent, Entry(mode=0o755))
    yield from sorted(known.items())


def _merged(name: str) -> str:
    return f"usr/{name}" if name.partition("/")[0] in MERGED else name


def _add(tar: tarfile.TarFile, name: str, entry: Entry) -> None:
    header = tarfile.TarInfo(name)
    header.mtime, header.mode = TIME, entry.mode
    if entry.link is not None:
        header.type, header.linkname, header.mode = tarfile.SYMTYPE, entry.link, 0o777
        tar.addfile(header)
    elif entry.data is not None:
        header.size = len(entry.data)
        tar.addfile(header, io.BytesIO(entry.data))
    elif entry.source is not None:
        with entry.source.open("rb") as file:
            header.size = os.fstat(file.fileno()).st_size
            tar.addfile(header, file)
    else:
        header.type, header.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(header)
