"""inside.assemble and inside.plan: layouts that a registry takes, the same bits every time."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from slipway.steps import advisories, assemble
from slipway.steps.plan import digest_of_tree

Json = dict[str, object]
MODEL = {
    "model.skops": b"weights",
    "card.md": b"# card",
    "metrics.json": json.dumps({"metrics": {"roc_auc": 0.99}}).encode(),
    "schema.json": b"{}",
    "heldout.json": b"{}",
}


def write(folder: Path, files: dict[str, bytes]) -> Path:
    """A folder with these files."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def manifest_of(layout: Path) -> tuple[str, Json]:
    """The digest and the manifest of a layout; every blob has the digest that it is filed under."""
    assert json.loads((layout / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    for path in (layout / "blobs/sha256").iterdir():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
    content = (layout / "blobs" / entry["digest"].replace(":", "/")).read_bytes()
    assert len(content) == entry["size"]
    manifest: Json = json.loads(content)
    layers, config = manifest["layers"], manifest["config"]
    assert isinstance(layers, list)
    for part in [config, *layers]:
        blob = layout / "blobs" / part["digest"].replace(":", "/")
        assert blob.stat().st_size == part["size"]
    digest: str = entry["digest"]
    return digest, manifest


def make_layer(folder: Path, files: dict[str, bytes], *options: str, at: str = "/opt/x") -> Path:
    """A layer of these files."""
    content, out = write(folder / "content", files), folder / "layer"
    words = ["layer", "--folder", str(content), "--at", at, "--output", str(out), *options]
    assert assemble.main(words) == 0
    return out


def test_a_layer_is_a_tar_with_the_digests_it_names(tmp_path: Path) -> None:
    out = make_layer(tmp_path, {"a.py": b"1", "sub/b.py": b"2"})
    facts = json.loads((out / "layer.json").read_text())
    packed = (out / "layer.tar.gz").read_bytes()
    assert facts["digest"] == "sha256:" + hashlib.sha256(packed).hexdigest()
    assert facts["diff_id"] == "sha256:" + hashlib.sha256(gzip.decompress(packed)).hexdigest()
    assert facts["size"] == len(packed)
    with tarfile.open(out / "layer.tar.gz") as tar:
        names = set(tar.getnames())
    assert {"opt/x/a.py", "opt/x/sub/b.py"} <= names


def test_a_layer_does_not_know_when_and_where_it_was_made(tmp_path: Path) -> None:
    one = make_layer(tmp_path / "one", {"a": b"1", "b/c": b"2"})
    two_content = write(tmp_path / "two/content", {"b/c": b"2", "a": b"1"})
    os.utime(two_content / "a", (1, 1))
    two = make_layer(tmp_path / "two", {})
    assert (one / "layer.tar.gz").read_bytes() == (two / "layer.tar.gz").read_bytes()


def test_a_layer_without_tests_has_none(tmp_path: Path) -> None:
    files = {"pkg/tests/test_x.py": b"1", "pkg/test/y.py": b"1", "pkg/testing.py": b"1"}
    out = make_layer(tmp_path, files, "--without-tests")
    with tarfile.open(out / "layer.tar.gz") as tar:
        found = [name for name in tar.getnames() if name.endswith(".py")]
    assert found == ["opt/x/pkg/testing.py"]


def make_base(folder: Path) -> Path:
    """An OCI archive of an image with one layer."""
    layer = gzip.compress(b"\0" * 10240, mtime=0)
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Env": ["PATH=/bin"]},
            "rootfs": {
                "type": "layers",
                "diff_ids": ["sha256:" + hashlib.sha256(b"\0" * 10240).hexdigest()],
            },
            "history": [{"created_by": "base"}],
        }
    ).encode()
    layout = assemble.Layout(folder / "base")
    layout.add(layer)
    layout.add(config)

    def described(content: bytes, media_type: str) -> Json:
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": described(config, "application/vnd.oci.image.config.v1+json"),
        "layers": [described(layer, assemble.LAYER_TYPE)],
    }
    layout.finish(json.dumps(manifest).encode())
    path = folder / "base.tar"
    with tarfile.open(path, "w") as archive:
        archive.add(folder / "base", arcname=".")
    return repacked(path)


def repacked(path: Path) -> Path:
    """The archive with names as an engine writes them: without a leading `./`."""
    clean = path.with_name("clean.tar")
    with tarfile.open(path) as old, tarfile.open(clean, "w") as new:
        for member in old.getmembers():
            member.name = member.name.removeprefix("./")
            new.addfile(member, old.extractfile(member) if member.isfile() else None)
    return clean


def make_image(folder: Path) -> Path:
    """An image of a base and a layer."""
    settings = {
        "user": "65532:65532", "entrypoint": ["/bin/x"], "working_dir": "/", "port": 8080,
        "env": {"PORT": "8080"}, "labels": {"a": "b"},
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(settings))
    words = [
        "image", "--base", str(make_base(folder)), "--layers", str(make_layer(folder, {"a": b"1"})),
        "--config", str(folder / "config.json"), "--epoch", "1700000000",
        "--output", str(folder / "layout"), "--archive", str(folder / "image.tar"),
    ]  # fmt: skip
    assert assemble.main(words) == 0
    return folder / "layout"


def test_an_image_is_its_base_with_the_layer_on_top(tmp_path: Path) -> None:
    layout = make_image(tmp_path)
    _, manifest = manifest_of(layout)
    described = manifest["config"]
    assert isinstance(described, dict)
    config = json.loads((layout / "blobs" / described["digest"].replace(":", "/")).read_text())
    assert config["config"]["User"] == "65532:65532"
    assert config["config"]["ExposedPorts"] == {"8080/tcp": {}}
    assert config["created"] == "2023-11-14T22:13:20Z"
    layers = manifest["layers"]
    assert isinstance(layers, list)
    assert len(layers) == len(config["rootfs"]["diff_ids"]) == 2
    with tarfile.open(tmp_path / "image.tar") as archive:
        assert {"index.json", "oci-layout"} <= set(archive.getnames())


def make_model(folder: Path) -> Path:
    """The artifact of a model."""
    files, out = write(folder / "files", MODEL), folder / "layout"
    words = ["model", "--files", str(files), "--name", "screening", "--commit", "c" * 40]
    assert assemble.main([*words, "--epoch", "1700000000", "--output", str(out)]) == 0
    return out


def make_plan(folder: Path) -> Path:
    """The artifact of a plan."""
    files, out = (
        write(folder / "files", {"plan.tfplan": b"zip", "plan.txt": b"Plan:"}),
        folder / "layout",
    )
    words = ["plan", "--files", str(files), "--commit", "c" * 40, "--output", str(out)]
    assert assemble.main(words) == 0
    return out


def make_release(folder: Path) -> Path:
    """The artifact of a release."""
    write(folder, {"release.json": b'{"commit": "c"}'})
    words = ["release", "--file", str(folder / "release.json"), "--output", str(folder / "layout")]
    assert assemble.main(words) == 0
    return folder / "layout"


@pytest.mark.parametrize("make", [make_image, make_model, make_plan, make_release])
def test_an_artifact_is_a_valid_layout_and_the_same_twice(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    digests = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        digests.append(manifest_of(make(tmp_path / name))[0])
    assert digests[0] == digests[1]


def test_a_model_without_its_card_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = write(tmp_path / "files", {k: v for k, v in MODEL.items() if k != "card.md"})
    words = ["model", "--files", str(files), "--output", str(tmp_path / "layout")]
    assert assemble.main(words) == 1
    assert "card.md" in capsys.readouterr().err


def test_the_digest_of_a_tree_is_that_of_its_files_and_names(tmp_path: Path) -> None:
    one = write(tmp_path / "one", {"main.tf": b"a", "sub/x.tf": b"b"})
    two = write(tmp_path / "two", {"sub/x.tf": b"b", "main.tf": b"a"})
    assert digest_of_tree(one) == digest_of_tree(two)
    write(two, {".terraform/providers/x": b"downloaded"})
    assert digest_of_tree(one) == digest_of_tree(two)
    write(two, {"main.tf": b"c"})
    changed = digest_of_tree(two)
    assert changed != digest_of_tree(one)
    (two / "main.tf").rename(two / "other.tf")
    assert digest_of_tree(two) not in (changed, digest_of_tree(one))


def test_no_database_has_no_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert advisories.main([str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {"day": None, "digest": digest_of_tree(tmp_path)}
