"""The model as a ModelPack artifact, which registries and model runtimes know how to read.

Source: the CNCF ModelPack specification (github.com/modelpack/model-spec), `docs/spec.md` "Image
Manifest Property Descriptions", `docs/config.md` "Properties", `docs/annotations.md` "Layer
Annotation Keys", media types of `specs-go/v1/mediatype.go` and `schema/config-schema.json`, which
allows no other keys. Each file is a layer of its own and stays as it is (`.raw`), so its digest in
the manifest is that of the file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from ..errors import DataError
from ..formats.fields import Fields, canonical
from ..formats.times import created
from .digests import Digest
from .manifests import Descriptor, artifact_manifest

ARTIFACT_TYPE = "application/vnd.cncf.model.manifest.v1+json"
CONFIG_TYPE = "application/vnd.cncf.model.config.v1+json"
FILEPATH = "org.cncf.model.filepath"
# The configuration has no place for metrics, and its schema allows no new keys.
METRICS = "vnd.slipway.model.metrics"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")


class Role(Enum):
    """What a file is to the model; the value is its media type."""

    WEIGHT = "application/vnd.cncf.model.weight.v1.raw"
    WEIGHT_CONFIG = "application/vnd.cncf.model.weight.config.v1.raw"
    DOC = "application/vnd.cncf.model.doc.v1.raw"
    CODE = "application/vnd.cncf.model.code.v1.raw"
    DATASET = "application/vnd.cncf.model.dataset.v1.raw"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One file: its path in the model's folder, size in bytes, digest and role."""

    name: str
    size: int
    digest: Digest
    role: Role

    def descriptor(self) -> Descriptor:
        """The layer that holds the file."""
        return Descriptor(
            media_type=self.role.value,
            digest=self.digest,
            size=self.size,
            annotations={FILEPATH: self.name, "org.opencontainers.image.title": self.name},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the artifact says of the model. `commit` is its version, `epoch` the commit's time in
    seconds.
    """

    name: str
    commit: str
    epoch: int
    format: str = "skops"
    architecture: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPack:
    """The artifact: the bytes of its configuration and manifest. The blobs are the files
    themselves.
    """

    config: bytes
    manifest: bytes

    @property
    def digest(self) -> Digest:
        """The digest of the model, which is that of its manifest."""
        return Digest.of(self.manifest)


def pack(files: Sequence[ModelFile], facts: Facts) -> ModelPack:
    """The artifact of `files` in the order of their names. A `DataError` without exactly one
    weight.
    """
    ordered = sorted(files, key=lambda file: file.name)
    _check(ordered, facts)
    config = canonical(_config(ordered, facts))
    annotations = {
        "org.opencontainers.image.created": created(facts.epoch),
        "org.opencontainers.image.revision": facts.commit,
        "org.opencontainers.image.title": facts.name,
        METRICS: canonical(dict(facts.metrics)).decode(),
    }
    manifest = artifact_manifest(
        ARTIFACT_TYPE,
        [file.descriptor() for file in ordered],
        config=Descriptor.of(config, CONFIG_TYPE),
        annotations=annotations,
    )
    return ModelPack(config=config, manifest=manifest)


def titled(manifest: str | bytes, *, where: str) -> dict[str, Digest]:
    """The files of a model by their names, out of its manifest; strict about names: they become paths."""
    found: dict[str, Digest] = {}
    for layer in Fields.parse(manifest, where=where).items("layers"):
        name = layer.inner("annotations").text(FILEPATH)
        if not _NAME.fullmatch(name) or name in found:
            raise DataError(f"{name!r} is not a file name of a model, or stands there twice")
        found[name] = Digest.parse(layer.text("digest"))
    if not found:
        raise DataError("a model without any file", where=where)
    return found


def _config(files: Sequence[ModelFile], facts: Facts) -> dict[str, object]:
    technical = {"architecture": facts.architecture, "format": facts.format}
    return {
        "descriptor": {
            "createdAt": created(facts.epoch),
            "name": facts.name,
            "version": facts.commit,
            "revision": facts.commit,
        },
        "modelfs": {"type": "layers", "diffIds": [str(file.digest) for file in files]},
        "config": {name: value for name, value in technical.items() if value},
    }


def _check(files: Sequence[ModelFile], facts: Facts) -> None:
    """Refuses what cannot be written truthfully: no model, two of a name, a path out of the
    folder.
    """
    weights = sum(1 for file in files if file.role is Role.WEIGHT)
    if weights != 1:
        remedy = "The training has to write one model.skops"
        raise DataError(f"a model has one file of weights, not {weights}", remedy=remedy)
    names = [file.name for file in files]
    for name in names:
        if not _NAME.fullmatch(name) or names.count(name) > 1:
            raise DataError(f"{name!r} is not a file name of a model, or stands there twice")
    for metric, value in facts.metrics.items():
        if not math.isfinite(value):
            raise DataError(f"the metric {metric} is {value}", remedy="Look at the training's log")
