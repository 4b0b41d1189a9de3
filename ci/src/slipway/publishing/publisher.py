"""Writes into a registry: push by digest, sign, attest; and tags, last of all.

A publisher holds the signing key; a registry client, which reads and verifies, does not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import dagger

from ..errors import SigningError, TagConflict
from ..oci.registry_errors import of_registry, said
from ..runtime.layout import digest_of
from ..signers.base import Signer
from ..signers.cosign import attest_command, sign_commands
from .client import FAILED, RegistryClient

TAG: Final = "tag"


@dataclass(frozen=True, kw_only=True)
class Subject:
    """An artifact to publish: its kind, layout, repository, and its attestations (type → predicate).

    What is signed already, and only gets more attestations, is not `signed` again. `round` counts the attempts to
    publish it in this run, from 0.
    """

    kind: str
    layout: dagger.Directory
    repository: str
    attestations: Mapping[str, str] = field(default_factory=dict)
    signed: bool = True
    round: int = 0
    gated_by: tuple[str, ...] = ()

    @property
    def publish_stage(self) -> str:
        """The name of the stage that publishes it."""
        return self._stage("publish")

    @property
    def verify_stage(self) -> str:
        """The name of the stage that verifies it afterwards."""
        return self._stage("verify")

    def _stage(self, verb: str) -> str:
        return f"{verb}-{self.kind}" + (f"-{self.round + 1}" if self.round else "")


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """Writes into the registry of a client, as a signer."""

    client: RegistryClient
    signer: Signer

    async def publish(self, subject: Subject) -> str:
        """Push by digest, sign, attest; returns `repository@sha256:…`.

        One after the other for one artifact: registries without a referrers API keep signatures under one tag, which
        two writers at once would overwrite. Another run may be such a writer: see publish_until_stable.
        """
        pinned = f"{subject.repository}@{await digest_of(subject.layout)}"
        inside = self.client.registry.internal(pinned)
        container = self.signer.mounted(self.client.container()).with_mounted_directory(
            "/layout", subject.layout
        )
        commands = [["crane", "push", "/layout", inside]]
        if subject.signed:
            commands += sign_commands(self.signer, inside)
        for number, (kind, predicate) in enumerate(sorted(subject.attestations.items())):
            path = f"/predicates/{number}.json"
            container = container.with_new_file(path, predicate)
            commands.append(attest_command(self.signer, inside, kind, path))
        outcome = await self.client.run(
            subject.publish_stage,
            commands,
            container,
            options=self.signer.secret_options,
            gated_by=subject.gated_by,
        )
        if outcome.exit_code == FAILED:
            # cosign pushes too: what the registry says to it is no fault of the key.
            if outcome.stderr.startswith("crane") or of_registry(outcome.stderr):
                raise self.client.error(outcome.stderr)
            raise SigningError(
                f"signing the {subject.kind} failed: {said(outcome.stderr)}",
                where=pinned,
                remedy="Nothing was tagged; fix it and run `dagger call release` again",
            )
        return pinned

    async def tag(self, tags: Mapping[str, str], gated_by: Sequence[str]) -> None:
        """Give tags to digests, in the order given: whoever finds the last finds all of them."""
        commands = [
            ["crane", "tag", self.client.registry.internal(pinned), tag.rpartition(":")[2]]
            for tag, pinned in tags.items()
        ]
        outcome = await self.client.run(TAG, commands, gated_by=gated_by)
        if outcome.exit_code:
            raise self.client.error(outcome.stderr)


def refuse_moved(existing: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Raise TagConflict for a tag that exists with another digest than the one it would get."""
    for tag, pinned in wanted.items():
        there = existing.get(tag)
        digest = pinned.partition("@")[2]
        if there is not None and there != digest:  # refusal 01
            raise TagConflict(
                f"the tag exists with another digest: {there}, not {digest}",
                where=tag,
                remedy="A released commit does not change: commit what differs and release that",
            )
