"""Images: their digest depends on what is in them, and on nothing else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine import images
from engine.images import Inputs
from engine.layers import Entry, write_layer
from engine.paths import Settings
from engine.recipes import Image

TOOL = Image(
    "example.com/tool:1",
    rootfs="base",
    programs={"/tool": "m/tool"},
    entrypoint=("/tool",),
    env={"PATH": "/bin"},
    user="65532",
    ports=("5000/tcp",),
)


def _inputs(folder: Path, content: bytes = b"program") -> Inputs:
    folder.mkdir()
    program = folder / "tool"
    program.write_bytes(content)
    base = write_layer({"/etc/base": Entry(data=b"base")}, folder / "base")
    return Inputs(base, {"/tool": program}, {})


def test_digest_is_that_of_the_content(tmp_path: Path) -> None:
    one = images.make(TOOL, _inputs(tmp_path / "a"), tmp_path / "1")
    two = images.make(TOOL, _inputs(tmp_path / "b"), tmp_path / "2")
    other = images.make(TOOL, _inputs(tmp_path / "c", b"another"), tmp_path / "3")
    assert one.digest == two.digest
    assert one.digest != other.digest


def test_manifest_and_config_agree(tmp_path: Path) -> None:
    made = images.make(TOOL, _inputs(tmp_path / "a"), tmp_path / "1")
    manifest, config = json.loads(made.manifest), json.loads(made.config)
    assert manifest["config"]["digest"] == "sha256:" + hashlib.sha256(made.config).hexdigest()
    assert [layer["digest"] for layer in manifest["layers"]] == [x.digest for x in made.layers]
    assert config["rootfs"]["diff_ids"] == [layer.diff_id for layer in made.layers]
    assert config["config"] == {
        "Entrypoint": ["/tool"],
        "Env": ["PATH=/bin"],
        "User": "65532",
        "ExposedPorts": {"5000/tcp": {}},
    }


def test_key_changes_with_recipe_and_base(tmp_path: Path) -> None:
    inputs = _inputs(tmp_path / "a")
    assert inputs.base is not None
    key = images.key_of(TOOL, inputs)
    assert key == images.key_of(TOOL, inputs)
    assert key != images.key_of(replace(TOOL, entrypoint=("/x",)), inputs)
    newer = replace(inputs, base=replace(inputs.base, digest="sha256:0"))
    assert key != images.key_of(TOOL, newer)


def test_key_changes_with_what_the_machine_trusts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "ca.crt"
    bundle.write_text("one")
    monkeypatch.setattr(images, "CA", bundle)
    monkeypatch.setattr(images, "LOCAL_CA", tmp_path / "added")
    image = replace(TOOL, host_ca=True)
    inputs = _inputs(tmp_path / "a")
    key = images.key_of(image, inputs)
    bundle.write_text("two")
    other = images.key_of(image, inputs)
    assert key != other
    (tmp_path / "added").mkdir()
    (tmp_path / "added" / "proxy.crt").write_text("three")
    assert other != images.key_of(image, inputs)


def test_built_in_image_lies_under_its_digests(tmp_path: Path, own: Settings) -> None:
    made = images.make(TOOL, _inputs(tmp_path / "a"), tmp_path / "1")
    images.build_in(own, made)
    images.build_in(own, made)
    blobs = own.content / "blobs" / "sha256"
    assert len(list(blobs.iterdir())) == 4, "two layers, configuration, manifest, nothing partial"
    for blob in blobs.iterdir():
        assert blob.name == hashlib.sha256(blob.read_bytes()).hexdigest()


def test_package_index_is_taken_over_without_credentials() -> None:
    plain = {"PIP_INDEX_URL": "https://pypi.example/simple", "PIP_TRUSTED_HOST": "pypi.example"}
    assert images.pip_settings(plain) == (
        "[global]\nindex-url = https://pypi.example/simple\ntrusted-host = pypi.example\n"
    )
    assert images.pip_settings({}) == ""
    for secret in ("https://me:word@pypi.example/simple", "https://token@pypi.example/simple"):
        assert images.pip_settings({"PIP_INDEX_URL": secret}) == ""


def test_go_proxy_is_taken_over_without_credentials() -> None:
    given = {"GOPROXY": "https://proxy.example", "GOSUMDB": "off", "GOPRIVATE": "", "HOME": "/root"}
    assert images.go_settings(given) == {"GOPROXY": "https://proxy.example", "GOSUMDB": "off"}
    assert images.go_settings({"GOPROXY": "https://me:word@proxy.example"}) == {}
