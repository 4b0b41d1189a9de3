"""Images out of a root file system, programs and a few files."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from engine import registry
from engine.layers import LAYER, Entry, Layer, file_digest, tree, write_layer
from engine.paths import SOURCE, Settings
from engine.recipes import Image
from engine.registry import MANIFEST

CONFIG = "application/vnd.oci.image.config.v1+json"
CREATED = "2026-01-01T00:00:00Z"
CA = Path("/etc/ssl/certs/ca-certificates.crt")
LOCAL_CA = Path("/usr/local/share/ca-certificates")
# What of a Go installation no build needs.
GO_EXTRAS = frozenset({"api", "doc", "test", "misc"})


@dataclass(frozen=True)
class Inputs:
    """What an image is made of, already there."""

    base: Layer | None
    programs: Mapping[str, Path]
    """Path inside the image to the program's file."""
    files: Mapping[str, Path]
    go_root: Path | None = None
    go_version: str = ""


def entries_of(image: Image, inputs: Inputs) -> dict[str, Entry]:
    """Give everything that the image has over its root file system."""
    entries = {path: Entry(source=file, mode=0o755) for path, file in inputs.programs.items()}
    entries |= {path: Entry(source=file, mode=0o755) for path, file in inputs.files.items()}
    entries |= {path: Entry(link=target) for path, target in image.links.items()}
    entries |= {path: Entry(data=text.encode()) for path, text in image.text.items()}
    entries |= {path: Entry(mode=0o755) for path in image.folders}
    for inside, folder in image.copy.items():
        entries |= tree(SOURCE / folder, inside)
    if image.host_ca:
        entries |= _authorities()
    if image.host_pip and (settings := pip_settings(os.environ)):
        entries["/etc/pip.conf"] = Entry(data=settings.encode())
    if image.host_go and inputs.go_root:
        entries |= tree(inputs.go_root, "/usr/local/go", GO_EXTRAS)
    return entries


def _authorities() -> dict[str, Entry]:
    """What this machine trusts: the bundle, and the added ones as Debian keeps them.

    With the latter an `update-ca-certificates` in a container makes the same bundle again.
    """
    entries = {str(CA): Entry(source=CA)} if CA.exists() else {}
    for path in sorted(LOCAL_CA.glob("*.crt")):
        entries[str(path)] = Entry(source=path)
    return entries


def pip_settings(environment: Mapping[str, str]) -> str:
    """Give a pip.conf with the machine's package index, never with credentials in it."""
    lines = []
    for variable in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST"):
        value = environment.get(variable, "")
        if value and not any(urlsplit(part).username for part in value.split()):
            lines.append(f"{variable[4:].lower().replace('_', '-')} = {value}")
    return "\n".join(["[global]", *lines, ""]) if lines else ""


def go_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Give the Go proxy settings that this machine uses, never with credentials in them."""
    names = ("GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE")
    found = {name: environment[name] for name in names if environment.get(name)}
    return {name: value for name, value in found.items() if "@" not in value}


def key_of(image: Image, inputs: Inputs) -> str:
    """Give a hash over the recipe and everything that goes into the image."""
    digest = hashlib.sha256(repr((image, inputs.base and inputs.base.digest)).encode())
    digest.update(repr((inputs.go_version if image.host_go else "", _environment(image))).encode())
    programs = {**inputs.programs, **inputs.files}
    digest.update(repr(_origins(programs)).encode())
    for path, entry in sorted(entries_of(image, Inputs(None, {}, {})).items()):
        digest.update(f"{path}\0{entry.link}\0{entry.data!r}\0".encode())
        if entry.source:
            digest.update(file_digest(entry.source).encode())
    return digest.hexdigest()[:32]


def _origins(programs: Mapping[str, Path]) -> list[tuple[str, str, str, int]]:
    """A program is known by its folder, whose name holds the hash of all that it was built from."""
    return sorted((k, v.parent.name, v.name, v.stat().st_size) for k, v in programs.items())


def _environment(image: Image) -> dict[str, str]:
    return image.env | (go_settings(os.environ) if image.host_go else {})


@dataclass(frozen=True)
class Made:
    """An image in memory, its layers on disk."""

    layers: tuple[Layer, ...]
    config: bytes
    manifest: bytes

    @property
    def digest(self) -> str:
        """The image's digest."""
        return _sha256(self.manifest)


def make(image: Image, inputs: Inputs, scratch: Path) -> Made:
    """Make an image; its new layer is written to `scratch`."""
    own = write_layer(entries_of(image, inputs), scratch)
    layers = (inputs.base, own) if inputs.base else (own,)
    config = _json(
        {
            "created": CREATED,
            "architecture": _architecture(),
            "os": "linux",
            "config": _runtime(image),
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
            "history": [{"created": CREATED, "created_by": "slipway engine"} for _ in layers],
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "digest": _sha256(config), "size": len(config)},
            "layers": [
                {"mediaType": LAYER, "digest": layer.digest, "size": layer.size} for layer in layers
            ],
        }
    )
    return Made(layers, config, manifest)


def publish(port: int, repository: str, tag: str, made: Made) -> None:
    """Put an image into the mirror registry; it appears only once it is whole."""
    for layer in made.layers:
        registry.push_layer(port, repository, layer)
    registry.push_blob(port, repository, _sha256(made.config), made.config)
    registry.push_manifest(port, repository, tag, made.manifest)


def build_in(settings: Settings, made: Made) -> None:
    """Put an image among the engine's built-in ones: blobs named by their digest."""
    for layer in made.layers:
        _blob(settings, layer.digest, layer.path)
    for data in (made.config, made.manifest):
        target = _blob_path(settings, _sha256(data))
        partial = target.with_suffix(".partial")
        partial.write_bytes(data)
        partial.replace(target)


def _blob(settings: Settings, digest: str, source: Path) -> None:
    target = _blob_path(settings, digest)
    if not target.exists():
        partial = target.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        try:
            os.link(source, partial)
        except OSError:
            shutil.copyfile(source, partial)
        partial.replace(target)


def _blob_path(settings: Settings, digest: str) -> Path:
    path = settings.content / "blobs" / "sha256" / digest.removeprefix("sha256:")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _runtime(image: Image) -> dict[str, object]:
    environment = _environment(image)
    settings: dict[str, object] = {
        "Env": [f"{key}={value}" for key, value in environment.items()],
        "Entrypoint": list(image.entrypoint),
        "Cmd": list(image.command),
        "User": image.user,
        "WorkingDir": image.workdir,
        "ExposedPorts": {port: {} for port in image.ports},
        "Volumes": {volume: {} for volume in image.volumes},
    }
    return {key: value for key, value in settings.items() if value}


def _architecture() -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)


def _json(document: Mapping[str, object]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
