"""standins.toml: what ships is whole, and a slip of the pen is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.errors import EngineError
from engine.recipes import FILE, load

MINIMAL = """
[debian]
suite = "bookworm"
[rootfs.base]
packages = ["ca-certificates"]
[files.tool]
package = "tool"
path = "/usr/bin/tool"
[go.crane]
version = "v1"
programs = { crane = "example.com/crane" }
[image."example.com/a:1"]
rootfs = "base"
programs = { "/crane" = "crane/crane" }
files = { "/tool" = "tool" }
"""

PIPELINE = {
    "docker.io/library/python:3.11-slim-bookworm": "",
    "gcr.io/go-containerregistry/crane:v0.22.1": "/ko-app/crane",
    "ghcr.io/sigstore/cosign/cosign:v3.1.3": "/ko-app/cosign",
    "docker.io/aquasec/trivy:0.74.0": "/usr/local/bin/trivy",
    "ghcr.io/google/osv-scanner:v2.2.4": "/osv-scanner",
    "ghcr.io/opentofu/opentofu:1.12.6-minimal": "/usr/local/bin/tofu",
    "docker.io/library/registry:2.8.3": "/bin/registry",
}


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "standins.toml"
    path.write_text(text)
    return path


def test_every_image_of_the_pipeline_has_a_recipe() -> None:
    images = load().images
    for name, program in PIPELINE.items():
        inside = {**images[name].programs, **images[name].files}
        assert not program or program in inside, name


def test_every_go_module_is_committed_and_pins_its_version() -> None:
    for module in load().modules.values():
        text = (module.folder / "go.mod").read_text()
        assert (module.folder / "go.sum").stat().st_size > 0
        for package in module.programs.values():
            assert f"\t{package}\n" in text or f"tool {package}\n" in text
        assert re.search(rf" {re.escape(module.version)}( // indirect)?$", text, re.MULTILINE)


def test_shipped_file_is_the_default() -> None:
    assert load() == load(FILE)


def test_minimal_file_loads(tmp_path: Path) -> None:
    recipes = load(_write(tmp_path, MINIMAL))
    assert recipes.images["example.com/a:1"].modules == ("crane",)
    assert recipes.rootfs["base"].packages == ("ca-certificates",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[debian]", "[debian", "not valid TOML"),
        ('{ crane = "example', '{ crain = "example', "the program of example.com/crane not crain"),
        ("[rootfs.base]", "[rotfs.base]", r"unknown table \[rotfs\]"),
        ('rootfs = "base"', 'rootfs = "bse"', "unknown rootfs bse"),
        ('rootfs = "base"', 'rootfz = "base"', "unknown key 'rootfz'"),
        ('"crane/crane"', '"crane/krane"', "unknown program crane/krane"),
        ('"crane/crane"', '"crain/crane"', "unknown program crain/crane"),
        ('"/tool" = "tool"', '"/tool" = "tol"', "unknown file tol"),
        ('packages = ["ca-certificates"]', 'packages = "ca"', "rootfs.base.packages is not a"),
        ('packages = ["ca-certificates"]', "packages = [1]", "rootfs.base.packages is not a"),
        ('version = "v1"', "version = 1", "go.crane.version is not a str"),
        ('version = "v1"\n', "", r"\[go.crane\] lacks a key: .*version"),
        ('suite = "bookworm"\n', "", r"\[debian\] lacks a key"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert MINIMAL.count(old) == 1
    with pytest.raises(EngineError, match=message):
        load(_write(tmp_path, MINIMAL.replace(old, new)))
