"""Secrets in what a release is made of: the tree, a layer of the image, its environment."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import dagger
import pytest
from dagger import dag
from slipway.artifacts.image import Image
from slipway.artifacts.source import Source
from slipway.errors import GateFailed
from slipway.gates import gate_named
from slipway.gates.base import BuiltImage, SourceTree, judge, require
from slipway.oci.digests import Digest
from slipway.runtime.layout import digest_of
from slipway.runtime.stage import StageRunner
from slipway.runtime.tools import Tools
from slipway.verdicts.verdict import Status, Verdict, WhenNotEvaluated

pytestmark = [pytest.mark.engine, pytest.mark.anyio, pytest.mark.usefixtures("connection")]


def fake_key() -> str:
    """What trivy takes for a key of a cloud; put together here, or this file would be a finding."""
    return "AKIA" + "QYLPMN5HFIQR7XYA"


async def test_12_a_secret_in_the_tree(source: Source) -> None:
    for path in (
        "service/src/screening/own.py",
        "terraform/stacks/local/own.auto.tfvars",
        ".env.local",
    ):
        own = replace(source, tree=source.tree.with_new_file(path, f"key = '{fake_key()}'\n"))
        gate = gate_named("secrets", SourceTree)
        verdict = await judge(gate, SourceTree(source=own), StageRunner())
        assert verdict.status is Status.FAILED, (path, verdict)
        with pytest.raises(GateFailed):
            require([verdict], WhenNotEvaluated.ALLOW, ["secrets"])


LAYER = """
import gzip, hashlib, io, json, pathlib, sys, tarfile
content = io.BytesIO()
with tarfile.open(fileobj=content, mode="w") as tar:
    entry = tarfile.TarInfo("app/settings.py")
    entry.size = len(sys.argv[1])
    tar.addfile(entry, io.BytesIO(sys.argv[1].encode()))
tar, blobs = content.getvalue(), pathlib.Path("/layout/blobs/sha256")
blobs.mkdir(parents=True)
kind = "application/vnd.oci.image"
def blob(data, media):
    name = hashlib.sha256(data).hexdigest()
    (blobs / name).write_bytes(data)
    return {"mediaType": f"{kind}.{media}", "digest": f"sha256:{name}", "size": len(data)}
rootfs = {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(tar).hexdigest()]}
config = {"os": "linux", "architecture": "amd64", "config": {}, "rootfs": rootfs}
manifest = {"schemaVersion": 2, "mediaType": f"{kind}.manifest.v1+json",
            "config": blob(json.dumps(config).encode(), "config.v1+json"),
            "layers": [blob(gzip.compress(tar, mtime=0), "layer.v1.tar+gzip")]}
index = {"schemaVersion": 2, "manifests": [blob(json.dumps(manifest).encode(), "manifest.v1+json")]}
pathlib.Path("/layout/index.json").write_text(json.dumps(index))
pathlib.Path("/layout/oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
"""


async def scanned(source: Source, layout: dagger.Directory, digest: str) -> Verdict:
    """What the gate of the image's secrets concludes of a layout."""
    nothing: Any = None
    image = Image(model=nothing, layout=layout, archive=nothing)  # type: ignore[call-arg]
    built = BuiltImage(source=source, digest=digest, image=image)
    return await judge(gate_named("image-secrets", BuiltImage), built, StageRunner())


async def test_12_a_secret_in_a_layer_of_an_image(source: Source) -> None:
    text = f"KEY = '{fake_key()}'\n"
    layout = Tools().python().with_exec(["python", "-c", LAYER, text]).directory("/layout")
    verdict = await scanned(source, layout, await digest_of(layout))
    assert verdict.status is Status.FAILED, verdict


async def test_12_a_secret_in_the_environment_of_an_image(source: Source) -> None:
    variables = [f"AWS_ACCESS_KEY_ID={fake_key()}"]
    config = {"os": "linux", "architecture": "amd64", "config": {"Env": variables}}
    layout, digest = image_of({**config, "rootfs": {"type": "layers", "diff_ids": []}})
    verdict = await scanned(source, layout, str(digest))
    assert verdict.status is Status.FAILED, verdict


def image_of(config: object) -> tuple[dagger.Directory, Digest]:
    """An image without layers and with this configuration, as an OCI layout."""
    kind = "application/vnd.oci.image"
    text = json.dumps(config)
    inner = Digest.of(text.encode())
    described = {"mediaType": f"{kind}.config.v1+json", "digest": str(inner), "size": len(text)}
    whole = {"schemaVersion": 2, "mediaType": f"{kind}.manifest.v1+json"}
    manifest = json.dumps({**whole, "config": described, "layers": []})
    outer = Digest.of(manifest.encode())
    entry = {"mediaType": whole["mediaType"], "digest": str(outer), "size": len(manifest)}
    index = json.dumps({"schemaVersion": 2, "manifests": [entry]})
    folder = dag.directory().with_new_file("oci-layout", '{"imageLayoutVersion":"1.0.0"}')
    folder = folder.with_new_file("index.json", index)
    folder = folder.with_new_file(f"blobs/sha256/{inner.hex}", text)
    return folder.with_new_file(f"blobs/sha256/{outer.hex}", manifest), outer
