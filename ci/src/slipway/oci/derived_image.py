"""A new image from a base image's manifest and configuration and a few layers, without an engine.

Engines stamp the time of day into what they publish; here history and `created` are the commit's
time and the base's history is kept, so that the same base and layers always give the same bytes.
The layers of the base are named by their digests and not touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import ContentMismatch, DataError
from ..formats.fields import Fields, canonical
from ..formats.times import created
from .digests import Digest
from .manifests import CONFIG, LAYER_GZIP, Descriptor, image_manifest

# The same bytes under the names that Docker gave them before there was an OCI.
_LAYER_TYPES = {
    "application/vnd.docker.image.rootfs.diff.tar.gzip": LAYER_GZIP,
    "application/vnd.docker.image.rootfs.diff.tar": "application/vnd.oci.image.layer.v1.tar",
}
_EXPORTER = "buildkit.exporter.image.v0"
_PLATFORM = ("architecture", "os", "os.version", "os.features", "variant")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedLayer:
    """A layer on top: its blob, the digest of its uncompressed tar, and a line for the history."""

    descriptor: Descriptor
    diff_id: Digest
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the image runs. What is None stays as the base has it; `env` and `labels` add to the
    base's.

    `exposed_ports` are written as `8080/tcp`.
    """

    env: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    user: str | None = None
    working_dir: str | None = None
    exposed_ports: tuple[str, ...] | None = None
    stop_signal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """The new image: the bytes of its configuration and manifest, and all its layers from the
    bottom up.
    """

    config: bytes
    manifest: bytes
    layers: tuple[Descriptor, ...]

    @property
    def digest(self) -> Digest:
        """The digest of the image, which is that of its manifest."""
        return Digest.of(self.manifest)


def derive(
    *,
    base_manifest: bytes,
    base_config: bytes,
    layers: Sequence[AddedLayer],
    settings: Settings,
    epoch: int,
) -> Derived:
    """The image of `layers` on the base. `epoch` is the commit's time in seconds since 1970.

    A `ContentMismatch` if `base_config` is not the configuration that `base_manifest` names.
    """
    base = _base_layers(base_manifest, base_config)
    old = Fields.parse(base_config, where="configuration of the base image")
    rootfs = [str(Digest.parse(text)) for text in old.inner("rootfs").texts("diff_ids")]
    if len(rootfs) != len(base):
        what = f"the base image has {len(base)} layers and {len(rootfs)} diff_ids"
        raise DataError(what, where=old.where)
    new: dict[str, object] = {
        **{name: old.values[name] for name in _PLATFORM if name in old.values},
        "created": created(epoch),
        "config": _run_config(old.optional_inner("config"), settings),
        "rootfs": {"type": "layers", "diff_ids": [*rootfs, *(str(_.diff_id) for _ in layers)]},
        "history": [*_base_history(old, len(base)), *_history(layers, epoch)],
    }
    config = canonical({**new, "architecture": old.text("architecture"), "os": old.text("os")})
    stacked = (*base, *(layer.descriptor for layer in layers))
    manifest = image_manifest(Descriptor.of(config, CONFIG), stacked)
    return Derived(config=config, manifest=manifest, layers=stacked)


def _base_layers(manifest: bytes, config: bytes) -> tuple[Descriptor, ...]:
    """The layers of the base, under their OCI media types."""
    fields = Fields.parse(manifest, where="manifest of the base image")
    if "manifests" in fields.values:
        remedy = "Choose one platform of it first"
        raise DataError("this is an index of several images", where=fields.where, remedy=remedy)
    named = Descriptor.from_fields(fields.inner("config"))
    if named.digest != Digest.of(config):
        raise ContentMismatch(
            f"the configuration of the base image is {Digest.of(config)}, not {named.digest}",
            remedy="Fetch manifest and configuration of the base image together, by digest",
        )
    return tuple(_as_oci(Descriptor.from_fields(item)) for item in fields.items("layers"))


def _as_oci(layer: Descriptor) -> Descriptor:
    media_type = _LAYER_TYPES.get(layer.media_type, layer.media_type)
    return Descriptor(media_type=media_type, digest=layer.digest, size=layer.size)


def _run_config(old: Fields, settings: Settings) -> dict[str, object]:
    """The part of the configuration that says how a container starts. Its names are Go's."""
    base = dict(pair.partition("=")[::2] for pair in old.optional_texts("Env"))
    labels = old.text_map("Labels") if old.values.get("Labels") is not None else {}
    ports = settings.exposed_ports
    changed: dict[str, object] = {
        "Env": [f"{name}={value}" for name, value in sorted({**base, **settings.env}.items())],
        "Labels": {**labels, **settings.labels},
        "Entrypoint": list(settings.entrypoint) if settings.entrypoint is not None else None,
        # A new entrypoint makes the base's arguments meaningless, as in a Dockerfile.
        "Cmd": list(settings.cmd or ()) if settings.cmd or settings.entrypoint else None,
        "User": settings.user,
        "WorkingDir": settings.working_dir,
        "ExposedPorts": {port: {} for port in ports} if ports is not None else None,
        "StopSignal": settings.stop_signal,
    }
    new = {name: value for name, value in changed.items() if value is not None}
    return {name: value for name, value in {**old.values, **new}.items() if value not in (None, [])}


def _base_history(old: Fields, layers: int) -> list[dict[str, object]]:
    """The base's history; a line for each layer where the base has none that fits.

    Where a base has no history for a layer, the engine that exports it writes a line with the time
    of its own pull. That time is left out: it says nothing of the base.
    """
    entries = [
        {
            name: value
            for name, value in item.values.items()
            if not (name == "created" and item.values.get("comment") == _EXPORTER)
        }
        for item in old.optional_items("history")
    ]
    if sum(1 for entry in entries if not entry.get("empty_layer")) == layers:
        return entries
    return [{"created_by": "base image"} for _ in range(layers)]


def _history(layers: Sequence[AddedLayer], epoch: int) -> list[dict[str, object]]:
    return [{"created": created(epoch), "created_by": layer.created_by} for layer in layers]
