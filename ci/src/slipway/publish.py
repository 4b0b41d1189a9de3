"""Into the registry and out of it: look up, push by digest, sign, attest, read, tag.

What goes out is asked for with a nonce in its container, so that no answer of an earlier run is taken for it, and
nothing has a tag before all of it is there and verifies.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import dagger

from .domain.digests import Digest, Reference
from .domain.fields import Fields
from .domain.oci import MANIFEST_LIMIT
from .domain.registry_answers import absent, explain, of_registry, said
from .errors import ContentMismatch, DataError, RegistryError, SigningError, TagConflict
from .layout import digest_of
from .once import once
from .registry import Registry
from .signing import Signer, attest_command, sign_commands
from .stage import Journal, Outcome, Stage
from .tools import Tools

FAILED: Final = 4  # what inside.sequence says when a command failed


@dataclass(frozen=True, kw_only=True)
class Subject:
    """An artifact to publish: its kind, layout, repository, and its attestations (type → predicate).

    What is signed already, and only gets more attestations, is not `signed` again. `again` counts how often it was
    published in this run before.
    """

    kind: str
    layout: dagger.Directory
    repository: str
    attestations: Mapping[str, str] = field(default_factory=dict)
    signed: bool = True
    again: int = 0

    @property
    def stage(self) -> str:
        """What the report calls its publishing."""
        return f"publish-{self.kind}" + (f"-{self.again + 1}" if self.again else "")


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where publishing happens: the tools, the registry, and the key."""

    tools: Tools
    registry: Registry
    key: Signer
    nonce: str = field(default_factory=lambda: uuid.uuid4().hex)

    async def lookup(self, tags: Sequence[str], journal: Journal) -> dict[str, str]:
        """The digests of those tags that exist; raises RegistryError where the registry does not answer."""
        commands = [["crane", "digest", self.registry.inside(tag)] for tag in tags]
        outcome = await self.run("lookup", commands, journal, options=("--each",))
        found: dict[str, str] = {}
        for tag, (code, printed, complaint) in zip(tags, json.loads(outcome.stdout), strict=True):
            if code == 0:
                found[tag] = printed.strip()
            elif not absent(complaint):
                raise self.registry_error(complaint)
        return found

    async def publish(self, subject: Subject, journal: Journal) -> str:
        """Push by digest, sign, attest; returns `repository@sha256:…`.

        One after the other for one artifact: registries without a referrers API keep signatures under one tag, which
        two writers at once would overwrite. Another run may be such a writer: `settle.settle` looks what became of it.
        """
        pinned = f"{subject.repository}@{await digest_of(subject.layout)}"
        inside = self.registry.inside(pinned)
        container = self.key.mounted(self.box()).with_mounted_directory("/layout", subject.layout)
        commands = [["crane", "push", "/layout", inside]]
        if subject.signed:
            commands += sign_commands(self.key, inside)
        for number, (kind, predicate) in enumerate(sorted(subject.attestations.items())):
            path = f"/predicates/{number}.json"
            container = container.with_new_file(path, predicate)
            commands.append(attest_command(self.key, inside, kind, path))
        outcome = await self.run(
            subject.stage,
            commands,
            journal,
            container,
            self.key.handed,
            after=("pack-release",),
        )
        if outcome.exit_code == FAILED:
            # cosign pushes too: what the registry says to it is no fault of the key.
            if outcome.stderr.startswith("crane") or of_registry(outcome.stderr):
                raise self.registry_error(outcome.stderr)
            raise SigningError(
                f"signing the {subject.kind} failed: {said(outcome.stderr)}",
                where=pinned,
                remedy="Nothing was tagged; mend it and run `dagger call release` again",
            )
        return pinned

    async def read(self, reference: str, journal: Journal) -> tuple[str, str]:
        """A release artifact's digest and its JSON; raises RegistryError where it cannot be had.

        The digest is that of the manifest that was read: asked for apart, a tag could move in between. Raises
        ContentMismatch where it is not the one that the reference asks for.
        """
        inside = self.registry.inside(reference)
        outcome = await self.run("read-release", [["crane", "manifest", inside]], journal)
        if outcome.exit_code:
            raise self.registry_error(outcome.stderr)
        manifest: str = json.loads(outcome.stdout)[0]
        digest = Digest.of(manifest.encode())
        wanted = Reference.parse(reference).digest
        if wanted is not None and digest != wanted:
            raise ContentMismatch(
                f"the registry answers with {digest}",
                where=reference,
                remedy="Do not use this registry",
            )
        if len(manifest) > MANIFEST_LIMIT:
            raise DataError(
                f"the release's manifest has {len(manifest)} characters, {MANIFEST_LIMIT} at most are read",
                where=reference,
                remedy="Do not use this release",
            )
        layer = _only_layer(manifest, reference)
        repository = Reference.parse(inside).name
        blob = await self.run(
            "read-release-content", [["crane", "blob", f"{repository}@{layer}"]], journal
        )
        if blob.exit_code:
            raise self.registry_error(blob.stderr)
        content: str = json.loads(blob.stdout)[0]
        if Digest.of(content.encode()) != layer:
            raise ContentMismatch("the release's content is another", where=reference)
        return str(digest), content

    async def tag(self, tags: Mapping[str, str], journal: Journal) -> None:
        """Give tags to digests, in the order given: whoever finds the last finds all of them."""
        commands = [
            ["crane", "tag", self.registry.inside(pinned), tag.rpartition(":")[2]]
            for tag, pinned in tags.items()
        ]
        before = tuple(f"verify-{tag.rpartition('/')[2].partition(':')[0]}" for tag in tags)
        outcome = await self.run("tag", commands, journal, after=before)
        if outcome.exit_code:
            raise self.registry_error(outcome.stderr)

    @once
    def box(self) -> dagger.Container:
        """A container with crane and cosign, whose answers belong to this run only."""
        return self.tools.box("crane", "cosign").with_env_variable("SLIPWAY_NONCE", self.nonce)

    async def run(
        self,
        name: str,
        commands: Sequence[Sequence[str]],
        journal: Journal,
        container: dagger.Container | None = None,
        options: Sequence[str] = (),
        after: Sequence[str] = (),
        seconds: int = 900,
    ) -> Outcome:
        """Run commands against the registry, one after the other."""
        ready = await self.registry.connected(container or self.box())
        stage = Stage(
            name=name,
            container=ready.with_new_file("/commands.json", json.dumps(list(commands))),
            argv=(
                "python", "-m", "slipway.inside.sequence", "--commands", "/commands.json", *options
            ),
            accept=(0, FAILED),
            after=tuple(after),
            seconds=seconds,
        )  # fmt: skip
        return await stage.run(journal)

    def registry_error(self, text: str) -> RegistryError:
        """What a client said about the registry, as people know its address."""
        return explain(
            text.replace(self.registry.inside(self.registry.host), self.registry.host),
            self.registry.host,
        )


def refuse_moved(found: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Raise TagConflict for a tag that exists with another digest than the one it would get."""
    for tag, pinned in wanted.items():
        there = found.get(tag)
        digest = pinned.partition("@")[2]
        if there is not None and there != digest:
            raise TagConflict(
                f"the tag exists with another digest: {there}, not {digest}",
                where=tag,
                remedy="A released commit does not change: commit what differs and release that",
            )


def _only_layer(manifest: str, where: str) -> Digest:
    layers = Fields.parse(manifest, where=where).items("layers")
    if len(layers) != 1:
        raise DataError(f"a release has one layer, not {len(layers)}", where=where)
    return Digest.parse(layers[0].text("digest"))
