"""Two OCI layouts that should hold the same artifact."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from slipway.errors import ContentMismatch, DataError
from slipway.oci.digests import Digest
from slipway.oci.layout_diff import compare
from slipway.steps.compare import main


def layout(
    folder: Path, config: object, layers: dict[str, bytes], note: str = "n", named: bool = True
) -> Path:
    """A layout of an artifact with these layers, by title."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def add(content: bytes, **more: object) -> dict[str, object]:
        digest = Digest.of(content)
        (blobs / digest.hex).write_bytes(content)
        return {"mediaType": "x", "digest": str(digest), "size": len(content), **more}

    def title(name: str) -> dict[str, object]:
        return {"annotations": {"org.opencontainers.image.title": name}} if named else {}

    manifest = {
        "config": add(json.dumps(config).encode()),
        "layers": [add(content, **title(name)) for name, content in layers.items()],
        "annotations": {"note": note},
    }
    index = {"manifests": [add(json.dumps(manifest).encode())]}
    (folder / "index.json").write_text(json.dumps(index))
    return folder


def told(first: Path, second: Path) -> list[str]:
    return [str(each) for each in compare(first, second)]


def test_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in "ab":
        layout(tmp_path / name, {"x": 1}, {"f": b"1"})
    assert told(tmp_path / "a", tmp_path / "b") == []
    assert main(["--recorded", str(tmp_path / "a"), "--rebuilt", str(tmp_path / "b")]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_each_part_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = layout(tmp_path / "a", {"x": 1}, {"plan.json": b'{"a": 1}', "same": b""})
    second = layout(tmp_path / "b", {"x": 2}, {"plan.json": b'{"a": 2}', "same": b""}, "m")
    assert told(first, second) == [
        'manifest: annotations.note: "n" recorded, "m" rebuilt',
        "configuration: x: 1 recorded, 2 rebuilt",
        "plan.json: a: 1 recorded, 2 rebuilt",
    ]
    assert main(["--recorded", str(first), "--rebuilt", str(second)]) == 5
    assert len(json.loads(capsys.readouterr().out)) == 3


def test_layers_without_a_name_are_numbered(tmp_path: Path) -> None:
    first = layout(tmp_path / "a", {}, {"1": b"a", "2": b"b"}, named=False)
    second = layout(tmp_path / "b", {}, {"1": b"a", "2": b"c", "3": b""}, named=False)
    assert told(first, second) == [
        "manifest: 2 layers recorded, 3 rebuilt",
        'layer 2 of 2: line 1: "b" recorded, "c" rebuilt',
    ]


def test_a_blob_that_is_not_what_its_name_says(tmp_path: Path) -> None:
    first = layout(tmp_path / "a", {}, {"1": b"a"})
    second = layout(tmp_path / "b", {}, {"1": b"b"})
    (first / "blobs" / "sha256" / Digest.of(b"a").hex).write_bytes(b"forged")
    with pytest.raises(ContentMismatch):
        compare(first, second)


def test_no_layout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DataError):
        compare(tmp_path, tmp_path)
    assert main(["--recorded", str(tmp_path), "--rebuilt", str(tmp_path)]) == 1
    assert "no OCI layout" in capsys.readouterr().err
