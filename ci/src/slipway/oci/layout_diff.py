"""Where two artifacts differ that should be one: manifest, configuration, and the files in each layer.

Both are OCI layouts as folders (OCI image specification 1.1, "OCI Image Layout").
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ContentMismatch, DataError
from .content_diff import Difference, differences, json_differences
from .digests import Digest

_NAMES = ("org.opencontainers.image.title", "org.cncf.model.filepath")
_PARTS = ("config", "layers")


def compare(recorded: Path, rebuilt: Path) -> list[Difference]:
    """What differs between two layouts of one artifact each; empty only if their digests are the same.

    Raises ContentMismatch for a blob that is not what its name says, DataError for what is no layout.
    """
    first, second = (_manifest(folder) for folder in (recorded, rebuilt))
    if first == second:
        return []
    old, new = json.loads(first), json.loads(second)
    rest = [{key: value for key, value in each.items() if key not in _PARTS} for each in (old, new)]
    found = json_differences("manifest", *rest)
    found += _blobs("configuration", recorded, old["config"], rebuilt, new["config"])
    found += _layers(recorded, old["layers"], rebuilt, new["layers"])
    return found or [Difference(where="manifest", what="the same values, written differently")]


def _layers(
    recorded: Path, old: list[dict[str, Any]], rebuilt: Path, new: list[dict[str, Any]]
) -> list[Difference]:
    found = []
    if len(old) != len(new):
        what = f"{len(old)} layers recorded, {len(new)} rebuilt"
        found.append(Difference(where="manifest", what=what))
    for number, (first, second) in enumerate(zip(old, new, strict=False), start=1):
        name = _name(first) or f"layer {number} of {len(old)}"
        found += _blobs(name, recorded, first, rebuilt, second)
    return found


def _blobs(
    where: str, recorded: Path, old: Mapping[str, Any], rebuilt: Path, new: Mapping[str, Any]
) -> list[Difference]:
    facts = [
        {key: value for key, value in each.items() if key not in ("digest", "size")}
        for each in (old, new)
    ]
    found = json_differences(f"{where}, its descriptor", *facts)
    if old["digest"] != new["digest"]:
        found += differences(where, _blob(recorded, old["digest"]), _blob(rebuilt, new["digest"]))
    return found


def _name(descriptor: Mapping[str, Any]) -> str:
    annotations = descriptor.get("annotations") or {}
    return next((str(annotations[name]) for name in _NAMES if name in annotations), "")


def _manifest(folder: Path) -> bytes:
    try:
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        digest = str(index["manifests"][0]["digest"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise DataError("this is no OCI layout with one artifact", where=str(folder)) from error
    return _blob(folder, digest)


def _blob(folder: Path, text: str) -> bytes:
    digest = Digest.parse(text)
    try:
        content = (folder / "blobs" / "sha256" / digest.hex).read_bytes()
    except OSError as error:
        raise DataError(f"the blob {digest} is not there", where=str(folder)) from error
    if Digest.of(content) != digest:
        raise ContentMismatch(f"the blob {digest} has another digest: {Digest.of(content)}")
    return content
