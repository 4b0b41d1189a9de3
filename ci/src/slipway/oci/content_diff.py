"""Where two contents differ: the file, however deep in archives, and how.

Archives (tar, gzip, zip: a layer, the weights of a model, a saved plan) are looked into; JSON is compared
by key, text by line, everything else by byte. Standard library only: this runs inside stage containers.
"""

from __future__ import annotations

import gzip
import io
import json
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

_SHOWN = 60
_MOST = 20
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_ABSENT = object()
# What the standard library raises for archives that are damaged in one way or another: offsets before the beginning are
# a ValueError, headers that are cut off a struct.error, methods that nobody knows a RuntimeError.
_DAMAGED = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference: where (a file, `archive!/file` in an archive), and what is there in the two."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def differences(where: str, recorded: bytes, rebuilt: bytes) -> list[Difference]:
    """What differs between two contents; empty only if they are the same bytes. At most 20 a file."""
    if recorded == rebuilt:
        return []
    for opened in (_tars, _zips, _gzips):
        try:
            found = opened(where, recorded, rebuilt)
        except _DAMAGED:
            # A damaged archive is a file like any other: its bytes differ.
            continue
        if found is not None:
            return found or [
                Difference(where=where, what=f"packed differently: {_byte(recorded, rebuilt)}")
            ]
    return _values(where, recorded, rebuilt) or [
        Difference(where=where, what=_line(recorded, rebuilt) or _byte(recorded, rebuilt))
    ]


def json_differences(where: str, recorded: object, rebuilt: object) -> list[Difference]:
    """The keys in which two JSON values differ."""
    return [
        Difference(where=where, what=f"{path or 'the value'}: {_pair(first, second)}")
        for path, first, second in _paths("", recorded, rebuilt)
    ][:_MOST]


def _tars(where: str, recorded: bytes, rebuilt: bytes) -> list[Difference] | None:
    first, second = (_unzipped(content) for content in (recorded, rebuilt))
    if not (_is_tar(first) and _is_tar(second)):
        return None
    with (
        tarfile.open(fileobj=io.BytesIO(first)) as old,
        tarfile.open(fileobj=io.BytesIO(second)) as new,
    ):
        members = [{member.name: member for member in tar.getmembers()} for tar in (old, new)]
        sums = [{name: _facts(member) for name, member in each.items()} for each in members]

        def read(name: str) -> tuple[bytes, bytes]:
            return _read(old, members[0][name]), _read(new, members[1][name])

        return _entries(where, sums[0], sums[1], read)


def _zips(where: str, recorded: bytes, rebuilt: bytes) -> list[Difference] | None:
    if not (recorded.startswith(_ZIP) and rebuilt.startswith(_ZIP)):
        return None
    with zipfile.ZipFile(io.BytesIO(recorded)) as old, zipfile.ZipFile(io.BytesIO(rebuilt)) as new:
        facts = [
            {
                entry.filename: {
                    "time": entry.date_time,
                    "mode": entry.external_attr >> 16,
                    "method": entry.compress_type,
                }
                for entry in archive.infolist()
            }
            for archive in (old, new)
        ]
        return _entries(where, facts[0], facts[1], lambda name: (old.read(name), new.read(name)))


def _gzips(where: str, recorded: bytes, rebuilt: bytes) -> list[Difference] | None:
    if not (recorded.startswith(_GZIP) and rebuilt.startswith(_GZIP)):
        return None
    return differences(where, gzip.decompress(recorded), gzip.decompress(rebuilt))


def _entries(
    where: str,
    recorded: Mapping[str, Mapping[str, object]],
    rebuilt: Mapping[str, Mapping[str, object]],
    read: Callable[[str], tuple[bytes, bytes]],
) -> list[Difference]:
    """What differs between the entries of two archives: which there are, what is said of them, their content."""
    found = []
    for name in sorted(recorded.keys() | rebuilt.keys()):
        place = f"{where}!/{name}"
        if name not in rebuilt or name not in recorded:
            what = "only in what was recorded" if name in recorded else "only in what was rebuilt"
            found.append(Difference(where=place, what=what))
            continue
        found += json_differences(place, recorded[name], rebuilt[name])
        found += differences(place, *read(name))
    if not found and list(recorded) != list(rebuilt):
        found.append(Difference(where=where, what="the same entries in another order"))
    return found


def _facts(member: tarfile.TarInfo) -> dict[str, object]:
    return {
        "type": member.type.decode("ascii", "replace"),
        "mode": f"{member.mode:o}",
        "owner": f"{member.uid}:{member.gid}",
        "time": member.mtime,
        "link": member.linkname,
    }


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    content = tar.extractfile(member) if member.isreg() else None
    return content.read() if content is not None else b""


def _unzipped(content: bytes) -> bytes:
    return gzip.decompress(content) if content.startswith(_GZIP) else content


def _is_tar(content: bytes) -> bool:
    # POSIX.1-2017, pax, "ustar Interchange Format": the magic is at byte 257 of a header.
    return content[257:262] == b"ustar"


def _values(where: str, recorded: bytes, rebuilt: bytes) -> list[Difference]:
    try:
        first, second = json.loads(recorded), json.loads(rebuilt)
    except (ValueError, RecursionError):
        return []
    return json_differences(where, first, second) if isinstance(first, dict | list) else []


def _paths(path: str, recorded: object, rebuilt: object) -> Iterator[tuple[str, object, object]]:
    if isinstance(recorded, Mapping) and isinstance(rebuilt, Mapping):
        for key in sorted(recorded.keys() | rebuilt.keys(), key=str):
            inner = f"{path}.{key}" if path else str(key)
            yield from _paths(inner, recorded.get(key, _ABSENT), rebuilt.get(key, _ABSENT))
    elif isinstance(recorded, list) and isinstance(rebuilt, list) and len(recorded) == len(rebuilt):
        for number, (first, second) in enumerate(zip(recorded, rebuilt, strict=True)):
            yield from _paths(f"{path}[{number}]", first, second)
    elif type(recorded) is not type(rebuilt) or recorded != rebuilt:
        yield path, recorded, rebuilt


def _line(recorded: bytes, rebuilt: bytes) -> str:
    """The first line that differs, if both are text."""
    try:
        first, second = (content.decode("utf-8").split("\n") for content in (recorded, rebuilt))
    except UnicodeDecodeError:
        return ""
    if any(
        not char.isprintable() and char not in "\t\r" for line in (*first, *second) for char in line
    ):
        return ""
    for number, (old, new) in enumerate(zip(first, second, strict=False), start=1):
        if old != new:
            return f"line {number}: {_pair(old, new)}"
    return f"{len(first)} lines recorded, {len(second)} rebuilt"


def _byte(recorded: bytes, rebuilt: bytes) -> str:
    """The first byte that differs."""
    shorter = min(len(recorded), len(rebuilt))
    at = next((n for n in range(shorter) if recorded[n] != rebuilt[n]), shorter)
    sizes = f"of {len(recorded)} recorded and {len(rebuilt)} rebuilt"
    if at == shorter:
        return f"one ends at byte {at} {sizes}"
    return f"byte {at} {sizes}: {recorded[at]:#04x} recorded, {rebuilt[at]:#04x} rebuilt"


def _pair(recorded: object, rebuilt: object) -> str:
    return f"{_shown(recorded)} recorded, {_shown(rebuilt)} rebuilt"


def _shown(value: object) -> str:
    if value is _ABSENT:
        return "nothing"
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
