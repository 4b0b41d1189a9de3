"""Which compression or archive bytes begin with."""

from __future__ import annotations

import bz2
import lzma
import zlib

_PROBE, _PROBED = 64, 1 << 20
_MAGICS = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    **{bytes((0x78, level)): "zlib" for level in (0x01, 0x5E, 0x9C, 0xDA)},
    b"PK\3\4": "zip",
    b"PK\5\6": "zip",
    b"\x04\x22\x4d\x18": "lz4",
    b"\x28\xb5\x2f\xfd": "zstd",
}


def archive_of(data: bytes) -> str:
    """The name of the compression or archive that `data` begins with, "" for none. What the
    standard library can unpack counts only if unpacking begins well: two bytes may be chance.
    """
    for magic, name in _MAGICS.items():
        if data.startswith(magic) and len(data) > 8:
            return name if _begins_well(name, data[:_PROBED]) else ""
    return ""


def _begins_well(name: str, data: bytes) -> bool:
    try:
        if name in ("gzip", "zlib"):
            inflate = zlib.decompressobj(31 if name == "gzip" else 15)
            return bool(inflate.decompress(data, _PROBE)) or inflate.eof
        if name in ("bzip2", "xz"):
            unpack = bz2.BZ2Decompressor() if name == "bzip2" else lzma.LZMADecompressor()
            # A long block gives nothing until all of it is there: no error is good enough here.
            unpack.decompress(data, _PROBE)
    except (zlib.error, lzma.LZMAError, OSError, EOFError):
        return False
    return True
