"""Write layers, artifacts and images as OCI layouts, the same bits every time.

    python -m slipway.steps.assemble layer   --folder DIR --at /opt/venv --output DIR [--without-tests]
    python -m slipway.steps.assemble image   --base TAR --layers DIR… --config JSON --epoch N
                                              --output DIR --archive TAR
    python -m slipway.steps.assemble model   --files DIR --name NAME --commit SHA --epoch N --output DIR
    python -m slipway.steps.assemble plan    --files DIR --commit SHA --epoch N --output DIR
    python -m slipway.steps.assemble release --file JSON --output DIR

Layout: OCI image specification 1.1, "OCI Image Layout". Layers carry no time of their own (1 January 1980, the oldest
that a zip can hold), so that a layer's digest changes when its content does, and not with every commit.
"""

import argparse
import json
import shutil
import sys
import tarfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from ..errors import SlipwayError
from ..oci.derived_image import AddedLayer, Settings, derive
from ..oci.digests import Digest
from ..oci.layer import write_layer
from ..oci.manifests import PLAN_TYPE, Descriptor, artifact_manifest, release_manifest
from ..oci.modelpack import Facts, ModelFile, Role, pack

CONTENT_EPOCH: Final = 315532800
LAYER_TYPE: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
PLAN_FILE: Final = "application/vnd.slipway.plan.v1"
# Tests of the dependencies are no part of a service; numpy's own testing helpers import one of theirs.
TESTS: Final = ("test", "tests")
# Exactly one of these is there; the gate of the model's files says whether it may be.
WEIGHTS: Final = ("model.skops", "model.safetensors", "model.onnx", "model.pkl", "model.joblib")
ROLES: Final[Mapping[str, Role]] = {
    "card.md": Role.DOC,
    "metrics.json": Role.DOC,
    "schema.json": Role.WEIGHT_CONFIG,
    "heldout.json": Role.DATASET,
}


class Layout:
    """An OCI layout that is being written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.blobs = folder / "blobs" / "sha256"
        self.blobs.mkdir(parents=True, exist_ok=True)

    def add(self, content: bytes) -> None:
        """Write a blob."""
        (self.blobs / Digest.of(content).hex).write_bytes(content)

    def take(self, path: Path, digest: Digest) -> None:
        """Copy a file that is a blob already."""
        shutil.copyfile(path, self.blobs / digest.hex)

    def finish(self, manifest: bytes) -> Digest:
        """Write the manifest and the index that names it; return the manifest's digest."""
        self.add(manifest)
        digest = Digest.of(manifest)
        media_type = json.loads(manifest)["mediaType"]
        entry = {"mediaType": media_type, "digest": str(digest), "size": len(manifest)}
        index = {"schemaVersion": 2, "manifests": [entry]}
        (self.folder / "index.json").write_text(json.dumps(index, sort_keys=True))
        (self.folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
        return digest


def layer(options: argparse.Namespace) -> str:
    """Write a folder as a layer: `layer.tar.gz` and `layer.json`."""
    options.output.mkdir(parents=True, exist_ok=True)
    with (options.output / "layer.tar.gz").open("wb") as target:
        written = write_layer(
            options.folder,
            target,
            epoch=CONTENT_EPOCH,
            prefix=options.at,
            without=TESTS if options.without_tests else (),
        )
    facts = {
        "diff_id": str(written.diff_id),
        "digest": str(written.digest),
        "size": written.size,
        "at": options.at,
    }
    (options.output / "layer.json").write_text(json.dumps(facts, sort_keys=True))
    return f"{options.at}: {written.digest}, {written.size} bytes"


def image(options: argparse.Namespace) -> str:
    """Put base and layers together."""
    layout = Layout(options.output)
    manifest, config = _unpack_base(options.base, layout)
    added = [_added(folder, layout) for folder in options.layers]
    settings = json.loads(options.config.read_text(encoding="utf-8"))
    derived = derive(
        base_manifest=manifest,
        base_config=config,
        layers=added,
        settings=Settings(
            env=settings["env"],
            labels=settings["labels"],
            entrypoint=tuple(settings["entrypoint"]),
            cmd=(),
            user=settings["user"],
            working_dir=settings["working_dir"],
            exposed_ports=(f"{settings['port']}/tcp",),
            stop_signal="SIGTERM",
        ),
        epoch=options.epoch,
    )
    layout.add(derived.config)
    digest = layout.finish(derived.manifest)
    with tarfile.open(options.archive, "w") as archive:
        for path in sorted(options.output.rglob("*")):
            archive.add(path, arcname=path.relative_to(options.output), recursive=False)
    return f"image {digest}"


def _unpack_base(archive: Path, layout: Layout) -> tuple[bytes, bytes]:
    """Copy the layers of a one-image OCI archive into the layout; return its manifest and configuration."""
    with tarfile.open(archive) as tar:

        def read(name: str) -> bytes:
            member = tar.extractfile(name)
            if member is None:
                raise SlipwayError(f"{name} in the base image is no file", where=str(archive))
            return member.read()

        def blob(descriptor: Mapping[str, str]) -> bytes:
            return read("blobs/" + descriptor["digest"].replace(":", "/"))

        manifest = blob(json.loads(read("index.json"))["manifests"][0])
        parsed = json.loads(manifest)
        for descriptor in parsed["layers"]:
            layout.add(blob(descriptor))
        return manifest, blob(parsed["config"])


def _added(folder: Path, layout: Layout) -> AddedLayer:
    facts = json.loads((folder / "layer.json").read_text(encoding="utf-8"))
    digest = Digest.parse(facts["digest"])
    layout.take(folder / "layer.tar.gz", digest)
    return AddedLayer(
        descriptor=Descriptor(media_type=LAYER_TYPE, digest=digest, size=facts["size"]),
        diff_id=Digest.parse(facts["diff_id"]),
        created_by=f"slipway: {facts['at']}",
    )


def model(options: argparse.Namespace) -> str:
    """Write a model as an OCI artifact (ModelPack)."""
    layout = Layout(options.output)
    files = []
    weights = {name: Role.WEIGHT for name in WEIGHTS if (options.files / name).exists()}
    for name, role in sorted({**ROLES, **weights}.items()):
        content = (options.files / name).read_bytes()
        layout.add(content)
        files.append(ModelFile(name=name, size=len(content), digest=Digest.of(content), role=role))
    metrics = json.loads((options.files / "metrics.json").read_text(encoding="utf-8"))["metrics"]
    packed = pack(
        files,
        Facts(
            name=options.name,
            commit=options.commit,
            epoch=options.epoch,
            format=next((Path(name).suffix[1:] for name in weights), "skops"),
            metrics={key: float(value) for key, value in metrics.items()},
        ),
    )
    layout.add(packed.config)
    return f"model {layout.finish(packed.manifest)}"


def plan(options: argparse.Namespace) -> str:
    """Write a saved plan, what it was made from and what it would do as an OCI artifact."""
    layout = Layout(options.output)
    layout.add(b"{}")
    descriptors = []
    for path in sorted(path for path in options.files.iterdir() if path.is_file()):
        content = path.read_bytes()
        layout.add(content)
        title = {"org.opencontainers.image.title": path.name}
        descriptors.append(Descriptor.of(content, f"{PLAN_FILE}.{path.stem}", title))
    annotations = {"org.opencontainers.image.revision": options.commit}
    manifest = artifact_manifest(PLAN_TYPE, descriptors, annotations=annotations)
    return f"plan {layout.finish(manifest)}"


def release(options: argparse.Namespace) -> str:
    """Write the JSON that names what a release is made of as an OCI artifact."""
    layout = Layout(options.output)
    content = options.file.read_bytes()
    layout.add(b"{}")
    layout.add(content)
    return f"release {layout.finish(release_manifest(content))}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of this program; see the text of the module."""
    parser = argparse.ArgumentParser(prog="assemble", description=__doc__)
    kinds = parser.add_subparsers(required=True)
    actions: Mapping[str, tuple[Callable[[argparse.Namespace], str], Sequence[str]]] = {
        "layer": (layer, ("folder", "output")),
        "image": (image, ("base", "config", "output", "archive")),
        "model": (model, ("files", "output")),
        "plan": (plan, ("files", "output")),
        "release": (release, ("file", "output")),
    }
    for name, (action, paths) in actions.items():
        kind = kinds.add_parser(name)
        kind.set_defaults(action=action)
        for path in paths:
            kind.add_argument(f"--{path}", type=Path, required=True)
        kind.add_argument("--at", default="/")
        kind.add_argument("--without-tests", action="store_true")
        kind.add_argument("--layers", type=Path, nargs="*", default=[])
        kind.add_argument("--name", default="")
        kind.add_argument("--commit", default="")
        kind.add_argument("--epoch", type=int, default=0)
    options = parser.parse_args(arguments)
    try:
        print(options.action(options))
    except (SlipwayError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
