"""Releases as an attacker would have them: small artifacts in a real registry, really signed, and one thing off."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import dagger
from dagger import dag
from slipway.attestations.release import Release
from slipway.attestations.statements import PLAN, PROVENANCE, SBOM, VERDICTS
from slipway.oci.digests import Digest, Reference
from slipway.pipeline.verify import ReleaseRefused, VerifiedRelease, verify_release
from slipway.policy.case import ARTIFACT_TYPES, ATTESTED
from slipway.policy.document import parse
from slipway.policy.verification import Verification
from slipway.publishing.client import RegistryClient
from slipway.publishing.publisher import Publisher, Subject
from slipway.registries.base import Registry
from slipway.runtime.concurrency import concurrently
from slipway.runtime.stage import Outcome, StageRunner
from slipway.runtime.tools import Tools
from slipway.signers.key import KeySigner, public_key
from slipway.signers.verifier import Verifier
from slipway.verdicts.verdict import Status, Verdict

from .cases import COMMIT, bom, built, judged, planned
from .releasing import client_at, embedded, publisher_at

KINDS = ("model", "image", "plan", "release")
POLICY = """
version: 1
signers:
  - {name: developer, key: embedded, builders: ["tag:slipway,2026:builder/local"]}
environments:
  - name: dev
    signers: [developer]
    gates:
      - gate: lint
      - {gate: scan, severity: high, max-age-days: 7, max-data-age-days: 3}
  - name: staging
    signers: [developer]
    gates:
      - {gate: scan, severity: high}
"""
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_EMPTY = "application/vnd.oci.empty.v1+json"


@dataclass(frozen=True)
class Artifact:
    """A small artifact: its digest, and its blobs by their hexadecimal digests."""

    digest: Digest
    blobs: Mapping[str, str]

    @classmethod
    def of(cls, kind: str, content: str) -> Artifact:
        """An artifact of the kind's type with one file, or an image without layers."""
        blobs: dict[str, str] = {}

        def add(text: str, media_type: str) -> dict[str, object]:
            digest = Digest.of(text.encode())
            blobs[digest.hex] = text
            return {"mediaType": media_type, "digest": str(digest), "size": len(text.encode())}

        manifest: dict[str, object] = {"schemaVersion": 2, "mediaType": _MANIFEST}
        if ARTIFACT_TYPES[kind]:
            manifest["artifactType"] = ARTIFACT_TYPES[kind]
            manifest |= {"config": add("{}", _EMPTY), "layers": [add(content, "application/json")]}
        else:
            config = json.dumps({"os": "linux", "architecture": "amd64", "author": content})
            manifest |= {"config": add(config, _CONFIG), "layers": []}
        text = json.dumps(manifest)
        add(text, _MANIFEST)
        return cls(Digest.of(text.encode()), blobs)

    def layout(self) -> dagger.Directory:
        """As an OCI layout."""
        size = len(self.blobs[self.digest.hex].encode())
        entry = {"mediaType": _MANIFEST, "digest": str(self.digest), "size": size}
        index = json.dumps({"schemaVersion": 2, "manifests": [entry]})
        folder = dag.directory().with_new_file("oci-layout", '{"imageLayoutVersion":"1.0.0"}')
        folder = folder.with_new_file("index.json", index)
        for name, text in self.blobs.items():
            folder = folder.with_new_file(f"blobs/sha256/{name}", text)
        return folder


@dataclass
class Forge:
    """A project of its own in a registry, and the artifacts that somebody put there."""

    registry: Registry = field(default_factory=embedded)
    key: KeySigner = field(default_factory=KeySigner)
    name: str = field(default_factory=lambda: f"attack-{uuid.uuid4().hex[:10]}")
    scan: Verdict | None = None
    more: tuple[Verdict, ...] = ()
    changed: dict[str, dict[str, Sequence[Any]]] = field(default_factory=dict)
    unsigned: tuple[str, ...] = ()
    named: dict[str, Reference] = field(default_factory=dict)
    release: dict[str, Any] = field(default_factory=dict)

    def client(self) -> RegistryClient:
        """A client of the registry."""
        return client_at(self.registry)

    def publisher(self) -> Publisher:
        """Who writes, with the project's key."""
        return publisher_at(self.registry, self.key)

    def repository(self, kind: str) -> str:
        """Where artifacts of the kind are."""
        return self.registry.repository(self.name, kind)

    def artifact(self, kind: str) -> Artifact:
        """The artifact of a kind; the release names the others."""
        return Artifact.of(kind, self.payload() if kind == "release" else f'"{self.name} {kind}"')

    def reference(self, kind: str) -> Reference:
        """Its reference by digest."""
        return Reference.parse(f"{self.repository(kind)}@{self.artifact(kind).digest}")

    def parts(self) -> dict[str, Reference]:
        """What the release names: its own artifacts, or others'."""
        return {kind: self.reference(kind) for kind in KINDS[:3]} | self.named

    def parts_of(self, other: Forge, *kinds: str) -> None:
        """Name another's artifacts of these kinds, so that only the rest has to be published."""
        self.named |= {kind: other.parts()[kind] for kind in kinds}

    def payload(self) -> str:
        """What the release says."""
        said: dict[str, Any] = {"commit": COMMIT, "dirty": False, **self.parts(), **self.release}
        value = Release(**said)
        return value.payload().decode()

    def verdicts(self) -> tuple[Verdict, ...]:
        """What the gates said, just now."""
        now = dt.datetime.now(dt.UTC)
        lint = Verdict(gate="lint", status=Status.PASSED, summary="-", subject=COMMIT, time=now)
        scan = self.scan or Verdict(gate="scan", status=Status.PASSED, summary="clean")
        image = str(self.parts()["image"].digest)
        scans = (
            replace(
                each,
                subject=each.subject or image,
                time=each.time or now,
                data_date=each.data_date or now.date(),
            )
            for each in (scan, *self.more)
        )
        return lint, *scans

    def attestations(self, kind: str) -> dict[str, Sequence[Any]]:
        """The predicates of a kind by type, as an honest release has them, unless changed."""
        now = dt.datetime.now(dt.UTC)
        honest: dict[str, Callable[[], Any]] = {
            PROVENANCE: lambda: built(kind, started=now, finished=now),
            SBOM: lambda: bom(kind),
            VERDICTS: lambda: judged(*self.verdicts(), at=now),
            PLAN: planned,
        }
        said: dict[str, Sequence[Any]] = {each: [honest[each]()] for each in ATTESTED[kind]}
        return said | self.changed.get(kind, {})

    async def publish(self) -> str:
        """Push, sign and attest all that is not another's; gives the release's reference."""
        await public_key(Tools(), self.key, StageRunner())
        await concurrently(*(self.put(kind) for kind in KINDS if kind not in self.named))
        return self.reference("release").pinned

    async def put(self, kind: str) -> None:
        """Push, sign and attest one artifact."""
        rounds = self.attestations(kind)
        for number in range(max(1, *(len(each) for each in rounds.values()))):
            subject = Subject(
                kind=kind,
                layout=self.artifact(kind).layout(),
                repository=self.repository(kind),
                attestations={
                    name: json.dumps(each[number])
                    for name, each in rounds.items()
                    if number < len(each)
                },
                signed=kind not in self.unsigned,
            )
            await self.publisher().publish(subject)

    async def verify(
        self, reference: str | None = None, policy: str = POLICY, environment: str = "dev"
    ) -> Verification:
        """What a relying party with our public key finds."""
        try:
            return (await self.verified(reference, policy, environment)).verification
        except ReleaseRefused as refused:
            return refused.verification

    async def verified(
        self, reference: str | None = None, policy: str = POLICY, environment: str = "dev"
    ) -> VerifiedRelease:
        """The release, verified with our public key; raises ReleaseRefused where it does not prove enough."""
        pem = await public_key(Tools(), self.key, StageRunner())
        stated = parse(policy)
        return await verify_release(
            self.client(),
            reference or self.reference("release").pinned,
            stated,
            stated.environment(environment),
            {"developer": Verifier(pem=pem)},
        )

    async def refusals(self, **changes: Any) -> dict[str, str]:
        """What was asked and did not hold; empty for a release that is verified."""
        answer = await self.verify(**changes)
        refused = {
            f"{each.artifact}: {each.requirement}": each.result
            for each in answer.checks
            if not each.ok
        }
        assert answer.ok == (not refused)
        return refused

    async def run(
        self, *commands: Sequence[str], container: dagger.Container | None = None
    ) -> Outcome:
        """Commands of somebody who may write to the registry; `{kind}` stands for a repository as steps write it."""
        inside = {kind: self.registry.internal(self.repository(kind)) for kind in KINDS}
        argv = [[word.format(**inside) for word in command] for command in commands]
        outcome = await self.client().run("attack", argv, container)
        assert outcome.exit_code == 0, outcome.stderr
        return outcome


def suffix(reference: Reference) -> str:
    """The tag under which a registry without a referrers API keeps what refers to a digest (OCI distribution 1.1,
    "Referrers Tag Schema").
    """
    return str(reference.digest).replace(":", "-")
