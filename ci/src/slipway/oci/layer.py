"""A folder as a layer that is the same on every machine: a normalised tar, gzipped.

Entries are sorted, owned by root, dated with the commit's time; files are 0644, or 0755 where
somebody may execute them; folders 0755; symbolic links are kept as they are. Compiled Python is
left out where it holds times, and kept where it holds none (PEP 552). Standard library only: this
runs inside stage containers, whose zlib is pinned with their image.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ..errors import DataError
from .digests import Digest

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

COMPILED = ("*.pyc", "*.pyo")
_UNCHECKED = 0b01
"""Flags of byte-code that is bound to its source by a hash that is not checked (PEP 552)."""
_LEVEL = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A written layer: the digest of the tar, and the digest and size in bytes of the gzip."""

    diff_id: Digest
    digest: Digest
    size: int


class _Hashing(io.BufferedIOBase):
    """A writable file that passes everything on and keeps sha256 and size of it."""

    def __init__(self, target: BinaryIO | gzip.GzipFile) -> None:
        self._target = target
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: ReadableBuffer, /) -> int:
        """Passes `data` on."""
        self._target.write(data)
        self._hash.update(data)
        written = memoryview(data).nbytes
        self.size += written
        return written

    @property
    def digest(self) -> Digest:
        """The digest of all that went through."""
        return Digest(hex=self._hash.hexdigest())


def write_layer(
    folder: Path,
    target: BinaryIO,
    *,
    epoch: int,
    prefix: str = "",
    without: Sequence[str] = (),
) -> Layer:
    """Writes `folder` to `target` as a gzipped tar, as `prefix` in the image, and says its digests.

    `epoch` is the commit's time in seconds. `without` are patterns in the way of the shell: one
    with a `/` is compared with the path below `folder`, another with the name of every file and
    folder.
    """
    if not folder.is_dir():
        raise DataError("this is not a folder", where=str(folder))
    outer = _Hashing(target)
    # A file object of our own: gzip writes no name and no time into the header then.
    with gzip.GzipFile("", "wb", _LEVEL, outer, mtime=0) as packed:
        inner = _Hashing(packed)
        with tarfile.open(fileobj=inner, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            for name in _parents(prefix):
                tar.addfile(_entry(name, tarfile.DIRTYPE, 0o755, epoch))
            _add(tar, folder, prefix.strip("/"), epoch, without)
    return Layer(diff_id=inner.digest, digest=outer.digest, size=outer.size)


def _add(
    tar: tarfile.TarFile, folder: Path, prefix: str, epoch: int, without: Sequence[str]
) -> None:
    for path, relative in _walk(folder, "", without):
        name = f"{prefix}/{relative}" if prefix else relative
        found = path.lstat()
        if stat.S_ISDIR(found.st_mode):
            tar.addfile(_entry(name, tarfile.DIRTYPE, 0o755, epoch))
        elif stat.S_ISLNK(found.st_mode):
            link = _entry(name, tarfile.SYMTYPE, 0o777, epoch)
            link.linkname = os.readlink(path)  # noqa: PTH115 - Path would normalise the target
            tar.addfile(link)
        elif stat.S_ISREG(found.st_mode):
            _add_file(tar, path, _entry(name, tarfile.REGTYPE, _mode(found.st_mode), epoch))
        else:
            remedy = "A layer holds files, folders and symbolic links; leave it out"
            raise DataError("this is a device, a pipe or a socket", where=str(path), remedy=remedy)


def _add_file(tar: tarfile.TarFile, path: Path, entry: tarfile.TarInfo) -> None:
    with path.open("rb") as content:
        entry.size = os.fstat(content.fileno()).st_size
        tar.addfile(entry, content)


def _walk(folder: Path, below: str, without: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """Everything in `folder`, a folder before what is in it, in the order of the names' bytes."""
    for path in sorted(folder.iterdir(), key=lambda path: os.fsencode(path.name)):
        relative = f"{below}/{path.name}" if below else path.name
        if any(fnmatchcase(relative if "/" in each else path.name, each) for each in without):
            continue
        if _is_dated(path):
            continue
        yield path, relative
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path, relative, without)


def _is_dated(path: Path) -> bool:
    """Whether it is byte-code that depends on the time of its source, or a folder with nothing else."""
    if path.name == "__pycache__" and path.is_dir():
        return all(_is_dated(inner) for inner in path.iterdir())
    if not any(fnmatchcase(path.name, each) for each in COMPILED) or not path.is_file():
        return False
    with path.open("rb") as content:
        return int.from_bytes(content.read(8)[4:], "little") != _UNCHECKED


def _parents(prefix: str) -> list[str]:
    """`opt/app` needs `opt` and `opt/app`; a prefix out of the image's root is refused."""
    parts = [part for part in prefix.split("/") if part]
    if any(part in (".", "..") for part in parts):
        raise DataError(f"{prefix!r} is not a place in an image")
    return ["/".join(parts[: n + 1]) for n in range(len(parts))]


def _entry(name: str, kind: bytes, mode: int, epoch: int) -> tarfile.TarInfo:
    """An entry without owner names; a whole number as time needs no extended header."""
    entry = tarfile.TarInfo(name)
    entry.type = kind
    entry.mode = mode
    entry.mtime = epoch
    return entry


def _mode(mode: int) -> int:
    return 0o755 if mode & 0o111 else 0o644
