"""Manifests and configurations of the OCI image specification 1.1 as deterministic bytes.

Source: github.com/opencontainers/image-spec v1.1, `manifest.md`, `config.md` and `descriptor.md`.
JSON is written with sorted keys and without spaces, and every time is the commit's: the same input
has the same digest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import DataError
from ..formats.fields import Fields, canonical
from .digests import Digest

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
EMPTY = b"{}"
# No registry has to take larger ones (OCI distribution 1.1, "Pushing Manifests"), and none of ours is near it.
MANIFEST_LIMIT = 4 << 20
PLAN_TYPE = "application/vnd.slipway.plan.v1+json"
RELEASE_TYPE = "application/vnd.slipway.release.v1+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """What a manifest says of a blob: its media type, digest, size in bytes, and annotations."""

    media_type: str
    digest: Digest
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, content: bytes, media_type: str, annotations: Mapping[str, str] | None = None
    ) -> Descriptor:
        """The descriptor of `content`."""
        return cls(
            media_type=media_type,
            digest=Digest.of(content),
            size=len(content),
            annotations=annotations or {},
        )

    @classmethod
    def from_fields(cls, fields: Fields) -> Descriptor:
        """A descriptor out of somebody's manifest; a `DataError` if a part is missing or no
        sha256.
        """
        has_annotations = fields.values.get("annotations") is not None
        size = fields.whole("size")
        if size < 0:
            raise DataError(f"{fields.path}.size is {size}, less than nothing", where=fields.where)
        return cls(
            media_type=fields.text("mediaType"),
            digest=Digest.parse(fields.text("digest")),
            size=size,
            annotations=fields.text_map("annotations") if has_annotations else {},
        )

    def to_dict(self) -> dict[str, object]:
        """The descriptor as JSON values."""
        said: dict[str, object] = {
            "mediaType": self.media_type,
            "digest": str(self.digest),
            "size": self.size,
        }
        return {**said, "annotations": dict(self.annotations)} if self.annotations else said


def image_manifest(config: Descriptor, layers: Sequence[Descriptor]) -> bytes:
    """The manifest of a runnable image."""
    return _manifest(config, layers)


def artifact_manifest(
    artifact_type: str,
    layers: Sequence[Descriptor],
    *,
    config: Descriptor | None = None,
    annotations: Mapping[str, str] | None = None,
    subject: Descriptor | None = None,
) -> bytes:
    """The manifest of something that is no image. Without `config` it is the empty descriptor.

    A registry has to hold the two bytes `EMPTY` then. `subject` is the manifest this one is about.
    """
    extra: dict[str, object] = {"artifactType": artifact_type}
    if annotations:
        extra["annotations"] = dict(annotations)
    if subject is not None:
        extra["subject"] = subject.to_dict()
    return _manifest(config or Descriptor.of(EMPTY, EMPTY_TYPE), layers, extra)


def release_manifest(release: bytes, *, title: str = "release.json") -> bytes:
    """The manifest of a release: one layer, the JSON that names the digests of model, image and
    plan.
    """
    layer = Descriptor.of(release, RELEASE_TYPE, {"org.opencontainers.image.title": title})
    return artifact_manifest(RELEASE_TYPE, [layer])


def _manifest(
    config: Descriptor, layers: Sequence[Descriptor], extra: Mapping[str, object] | None = None
) -> bytes:
    if not layers:
        raise DataError("a manifest needs at least one layer", remedy="This is a bug in Slipway")
    return canonical(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config.to_dict(),
            "layers": [layer.to_dict() for layer in layers],
            **(extra or {}),
        }
    )
