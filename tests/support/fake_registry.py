"""A registry in memory, as crane and cosign see it: registry clients and publishers run against it as they are.

It answers stages that run their commands (steps.sequence). Whoever signed is known by the public key, as text, or by
the identity.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slipway.oci.digests import Digest
from slipway.oci.manifests import Descriptor, artifact_manifest, image_manifest
from slipway.runtime.stage import Stage
from slipway.signers.cosign import SIGNATURE, TYPES

from .fake_dagger import FakeContainer, FakeDirectory
from .fakes import Reply, text_in

DOWN = 'Error: Get "https://{host}/v2/": dial tcp: connection refused'
ABSENT = "Error: MANIFEST_UNKNOWN: manifest unknown"
_URIS = {name: uri for uri, name in TYPES.items()}


def layout_of(manifest: bytes, *blobs: str) -> FakeDirectory:
    """An OCI layout of one artifact."""
    files = {f"blobs/sha256/{Digest.of(blob.encode()).hex}": blob for blob in blobs}
    files[f"blobs/sha256/{Digest.of(manifest).hex}"] = manifest.decode()
    files["index.json"] = json.dumps({"manifests": [{"digest": str(Digest.of(manifest))}]})
    return FakeDirectory(files)


def artifact_layout(artifact_type: str, files: Mapping[str, str]) -> FakeDirectory:
    """The layout of an artifact with a layer a file, each with its title; of an image where it has no type."""
    layers = [
        Descriptor.of(text.encode(), "text/plain", {"org.opencontainers.image.title": name})
        for name, text in files.items()
    ]
    if artifact_type:
        return layout_of(artifact_manifest(artifact_type, layers), *files.values())
    config = Descriptor.of(b"{}", "application/vnd.oci.image.config.v1+json")
    return layout_of(image_manifest(config, layers), *files.values())


@dataclass
class FakeRegistry:
    """What a registry holds, and how it misbehaves.

    `layouts` by pinned reference, `tags` to digests, `signers` of each artifact, and its `attestations`: who made it,
    its type, its statement. `drops` says how often the signatures and attestations that are published next of a kind
    are lost to another writer; `other` has the manifests that it answers with in place of the right ones; `corrupt`
    are references whose blobs are other bytes.
    """

    layouts: dict[str, FakeDirectory] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    signers: dict[str, set[str]] = field(default_factory=dict)
    attestations: dict[str, list[tuple[str, str, bytes]]] = field(default_factory=dict)
    down: bool = False
    drops: dict[str, int] = field(default_factory=dict)
    other: dict[str, str] = field(default_factory=dict)
    corrupt: set[str] = field(default_factory=set)

    def __call__(self, stage: Stage) -> Reply:
        """How a stage goes that runs crane and cosign."""
        before = self.copy()
        results: list[tuple[int, str, str]] = []
        content: dict[str, Any] = {}
        for command in json.loads(text_in(stage, "/commands.json")):
            code, printed, error = self._answer(command, stage, content)
            if code and "--each" not in stage.argv:
                return Reply(exit_code=4, stderr=f"{command[0]} {command[1]}: {error}")
            results.append((code, printed, error))
        kind = stage.name.removeprefix("publish-").partition("-")[0]
        if stage.name.startswith("publish-") and self.drops.get(kind):
            self.drops[kind] -= 1
            self.signers, self.attestations = before.signers, before.attestations
        each = "--each" in stage.argv
        return Reply(
            stdout=json.dumps(results if each else [printed for _, printed, _ in results]),
            content=content,
        )

    def copy(self) -> FakeRegistry:
        """A registry that holds the same, and is well-behaved."""
        return FakeRegistry(
            layouts=dict(self.layouts),
            tags=dict(self.tags),
            signers={name: set(each) for name, each in self.signers.items()},
            attestations={name: list(each) for name, each in self.attestations.items()},
        )

    def attest(self, pinned: str, by: str, predicate_type: str, predicate: object) -> None:
        """Add an attestation."""
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "predicateType": predicate_type,
            "subject": [{"name": "x", "digest": {"sha256": pinned.rpartition(":")[2]}}],
            "predicate": predicate,
        }
        line = (by, predicate_type, json.dumps(statement).encode())
        self.attestations.setdefault(pinned, []).append(line)

    def _answer(
        self, command: Sequence[str], stage: Stage, content: dict[str, Any]
    ) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of one command."""
        reference = command[2] if command[:2] == ["crane", "tag"] else command[-1]
        if command[:2] == ["crane", "pull"]:
            reference = command[-2]
        if self.down:
            return 1, "", DOWN.format(host=reference.partition("/")[0])
        answers = {
            ("crane", "digest"): self._digest,
            ("crane", "manifest"): self._manifest,
            ("crane", "blob"): self._blob,
            ("crane", "push"): self._push,
            ("crane", "pull"): self._pull,
            ("crane", "tag"): self._tag,
            ("cosign", "sign"): self._sign,
            ("cosign", "attest"): self._attest,
            ("cosign", "verify"): self._verify,
            ("cosign", "verify-attestation"): self._verify_attestation,
        }
        return answers[(command[0], command[1])](reference, command, stage, content)

    def _pinned(self, reference: str) -> str:
        if "@" in reference:
            return reference
        return f"{reference.rpartition(':')[0]}@{self.tags.get(reference, '')}"

    def _digest(self, reference: str, *_: Any) -> tuple[int, str, str]:
        digest = self.tags.get(reference)
        return (0, digest + "\n", "") if digest else (1, "", ABSENT)

    def _manifest(self, reference: str, *_: Any) -> tuple[int, str, str]:
        pinned = self._pinned(reference)
        if pinned in self.other:
            return 0, self.other[pinned], ""
        if pinned not in self.layouts:
            return 1, "", ABSENT
        return 0, self.layouts[pinned].files[_blob_path(pinned)], ""

    def _blob(self, reference: str, *_: Any) -> tuple[int, str, str]:
        repository = reference.partition("@")[0]
        for pinned, layout in self.layouts.items():
            if pinned.startswith(f"{repository}@") and _blob_path(reference) in layout.files:
                return 0, self.other.get(reference, layout.files[_blob_path(reference)]), ""
        return 1, "", ABSENT

    def _push(
        self, reference: str, command: Sequence[str], stage: Stage, _: Any
    ) -> tuple[int, str, str]:
        container = stage.container
        assert isinstance(container, FakeContainer)
        self.layouts[reference] = container.directory(command[2])
        return 0, "", ""

    def _pull(
        self, reference: str, command: Sequence[str], _: Stage, content: dict[str, Any]
    ) -> tuple[int, str, str]:
        if reference in self.corrupt:
            return 1, "", "Error: error verifying sha256 checksum after reading 3 bytes"
        if reference not in self.layouts:
            return 1, "", ABSENT
        content[command[-1]] = self.layouts[reference]
        return 0, "", ""

    def _tag(self, reference: str, command: Sequence[str], *_: Any) -> tuple[int, str, str]:
        repository, _at, digest = reference.partition("@")
        self.tags[f"{repository}:{command[3]}"] = digest
        return 0, "", ""

    def _sign(self, reference: str, command: Sequence[str], *_: Any) -> tuple[int, str, str]:
        self.signers.setdefault(reference, set()).add(_option(command, "--key"))
        return 0, "", ""

    def _attest(
        self, reference: str, command: Sequence[str], stage: Stage, _: Any
    ) -> tuple[int, str, str]:
        name = _option(command, "--type")
        predicate = json.loads(text_in(stage, _option(command, "--predicate")))
        self.attest(reference, _option(command, "--key"), _URIS.get(name, name), predicate)
        return 0, "", ""

    def _verify(
        self, reference: str, command: Sequence[str], stage: Stage, _: Any
    ) -> tuple[int, str, str]:
        if _who(command, stage) not in self.signers.get(reference, set()):
            return 1, "", "Error: no signatures found"
        return 0, json.dumps([{"critical": {"type": SIGNATURE}}]), ""

    def _verify_attestation(
        self, reference: str, command: Sequence[str], stage: Stage, _: Any
    ) -> tuple[int, str, str]:
        name = _option(command, "--type")
        wanted = (_who(command, stage), _URIS.get(name, name))
        lines = [
            json.dumps({"payload": base64.b64encode(statement).decode()})
            for by, kind, statement in self.attestations.get(reference, [])
            if (by, kind) == wanted
        ]
        return (0, "\n".join(lines), "") if lines else (1, "", "Error: no matching attestations")


def _option(command: Sequence[str], name: str) -> str:
    return command[command.index(name) + 1]


def _who(command: Sequence[str], stage: Stage) -> str:
    """Whom a command trusts: the key in the file that it names, or an identity."""
    if "--key" in command:
        return text_in(stage, _option(command, "--key"))
    return _option(command, "--certificate-identity")


def _blob_path(pinned: str) -> str:
    return f"blobs/sha256/{pinned.rpartition(':')[2]}"
