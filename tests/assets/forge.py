"""Change one byte of one file in an OCI layout so that every digest fits again: forge.py LAYOUT LAYER [FILE].

LAYER is a layer's title or its number from 0; FILE is a file in it, if it is a tar (gzipped) or a zip.
"""

import gzip
import hashlib
import io
import json
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any


def flipped(content: bytes) -> bytes:
    """The same text but for its first letter or digit."""
    at = next(n for n, byte in enumerate(content) if chr(byte).isalnum())
    other = b"x" if content[at : at + 1] != b"x" else b"y"
    if chr(content[at]).isdigit():
        other = b"1" if content[at : at + 1] != b"1" else b"2"
    return content[:at] + other + content[at + 1 :]


def in_tar(blob: bytes, name: str) -> bytes:
    """The gzipped tar with one byte of the named member changed."""
    target = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(blob)) as source,
        gzip.GzipFile("", "wb", 6, target, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|") as new,
    ):
        for member in source:
            file = source.extractfile(member) if member.isreg() else None
            content = file.read() if file is not None else b""
            changed = flipped(content) if member.name == name else content
            new.addfile(member, io.BytesIO(changed))
    return target.getvalue()


def in_zip(blob: bytes, name: str) -> bytes:
    """The zip with one byte of the named entry changed."""
    source, target = zipfile.ZipFile(io.BytesIO(blob)), io.BytesIO()
    with zipfile.ZipFile(target, "w") as new:
        for entry in source.infolist():
            content = source.read(entry)
            new.writestr(entry, flipped(content) if entry.filename == name else content)
    return target.getvalue()


def main(folder: str, layer: str, name: str | None = None) -> None:
    """Forge the layout in place."""
    blobs = Path(folder, "blobs", "sha256")

    def read(descriptor: dict[str, str]) -> bytes:
        return (blobs / descriptor["digest"][7:]).read_bytes()

    def write(descriptor: dict[str, Any], content: bytes) -> None:
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        descriptor.update(digest=f"sha256:{digest}", size=len(content))

    index = json.loads(Path(folder, "index.json").read_text())
    manifest = json.loads(read(index["manifests"][0]))
    layers = manifest["layers"]
    if layer.isdigit():
        chosen = layers[int(layer)]
    else:
        chosen = next(each for each in layers if layer in each.get("annotations", {}).values())
    old = chosen["digest"]
    blob = read(chosen)
    changed = (
        flipped(blob) if name is None else (in_zip if blob[:2] == b"PK" else in_tar)(blob, name)
    )
    assert changed != blob
    write(chosen, changed)
    config = json.loads(read(manifest["config"]))
    if "rootfs" in config:
        config["rootfs"]["diff_ids"][int(layer)] = (
            f"sha256:{hashlib.sha256(gzip.decompress(changed)).hexdigest()}"
        )
    if "modelfs" in config:
        ids = config["modelfs"]["diffIds"]
        ids[ids.index(old)] = chosen["digest"]
    write(manifest["config"], json.dumps(config).encode())
    write(index["manifests"][0], json.dumps(manifest).encode())
    Path(folder, "index.json").write_text(json.dumps(index))


if __name__ == "__main__":
    main(*sys.argv[1:])
