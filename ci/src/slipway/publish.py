"""Into the registry and out of it: look up, push by digest, sign, attest, verify, tag.

What goes out is asked for with a nonce in its container, so that no answer of an earlier run is taken for it, and
nothing has a tag before all of it is there and verifies.
"""

import base64
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import dagger

from .domain.registry_answers import absent, explain, of_registry, said
from .errors import RegistryError, SigningError, TagConflict, VerificationError
from .layout import digest_of
from .registry import Registry
from .signing import PUBLIC, SIGNATURE, Key, attest_command, offline, sign_commands, verify_commands
from .stage import Journal, Outcome, Stage
from .tools import Tools

FAILED: Final = 4  # what inside.sequence says when a command failed


@dataclass(frozen=True, kw_only=True)
class Subject:
    """An artifact to publish: its kind, layout, repository, and its attestations (type → predicate)."""

    kind: str
    layout: dagger.Directory
    repository: str
    attestations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where publishing happens: the tools, the registry, and the key."""

    tools: Tools
    registry: Registry
    key: Key
    nonce: str = field(default_factory=lambda: uuid.uuid4().hex)

    async def lookup(self, tags: Sequence[str], journal: Journal) -> dict[str, str]:
        """The digests of those tags that exist; raises RegistryError where the registry does not answer."""
        commands = [["crane", "digest", self.registry.inside(tag)] for tag in tags]
        outcome = await self._run("lookup", commands, journal, options=("--each",))
        found: dict[str, str] = {}
        for tag, (code, printed, complaint) in zip(tags, json.loads(outcome.stdout), strict=True):
            if code == 0:
                found[tag] = printed.strip()
            elif not absent(complaint):
                raise self._registry_error(complaint)
        return found

    async def publish(self, subject: Subject, journal: Journal) -> str:
        """Push by digest, sign, attest; returns `repository@sha256:…`.

        One after the other for one artifact: registries without a referrers API keep signatures under one tag, which
        two writers at once would overwrite.
        """
        pinned = f"{subject.repository}@{await digest_of(subject.layout)}"
        inside = self.registry.inside(pinned)
        container = self.key.mounted(self._box()).with_mounted_directory("/layout", subject.layout)
        commands = [["crane", "push", "/layout", inside], *sign_commands(self.key, inside)]
        for number, (kind, predicate) in enumerate(sorted(subject.attestations.items())):
            path = f"/predicates/{number}.json"
            container = container.with_new_file(path, predicate)
            commands.append(attest_command(self.key, inside, kind, path))
        outcome = await self._run(
            f"publish-{subject.kind}",
            commands,
            journal,
            container,
            self.key.secret_option,
            after=("pack-release",),
        )
        if outcome.exit_code == FAILED:
            # cosign pushes too: what the registry says to it is no fault of the key.
            if outcome.stderr.startswith("crane") or of_registry(outcome.stderr):
                raise self._registry_error(outcome.stderr)
            raise SigningError(
                f"signing the {subject.kind} failed: {said(outcome.stderr)}",
                where=pinned,
                remedy="Nothing was tagged; mend it and run `dagger call release` again",
            )
        return pinned

    async def verify(
        self, kind: str, pinned: str, attestations: Sequence[str], public_key: str, journal: Journal
    ) -> list[str]:
        """Check content, signature and attestations of a digest; returns what was checked, a line each."""
        await self._verified(kind, pinned, attestations, public_key, journal)
        told = [f"{kind}: content matches {pinned}", f"{kind}: signed by the key"]
        return told + [f"{kind}: attested {name}" for name in attestations]

    async def fetch(
        self, kind: str, pinned: str, attestation: str, public_key: str, journal: Journal
    ) -> tuple[dagger.Directory, bytes]:
        """An artifact as an OCI layout and the statement of an attestation, after both verified."""
        outcome = await self._verified(kind, pinned, (attestation,), public_key, journal)
        # cosign prints a DSSE envelope a line (github.com/secure-systems-lab/dsse, envelope.md); ours is one.
        envelopes = json.loads(outcome.stdout)[2].splitlines()
        return outcome.directory("/pulled"), base64.b64decode(json.loads(envelopes[0])["payload"])

    async def _verified(
        self, kind: str, pinned: str, attestations: Sequence[str], public_key: str, journal: Journal
    ) -> Outcome:
        inside = self.registry.inside(pinned)
        container = offline(self._box()).with_new_file(PUBLIC, public_key)
        pull = [["crane", "pull", "--format=oci", inside, "/pulled"]]
        commands = [*pull, *verify_commands(inside, tuple(attestations))]
        before = (f"publish-{kind}", "pack-release")
        outcome = await self._run(f"verify-{kind}", commands, journal, container, after=before)
        if outcome.exit_code == FAILED:
            if outcome.stderr.startswith("crane"):
                raise self._registry_error(outcome.stderr)
            raise VerificationError(
                f"the {kind} does not verify: {said(outcome.stderr)}",
                where=pinned,
                remedy="Do not use it; check that --public-key is the key it was signed with",
            )
        _require_signature(kind, pinned, json.loads(outcome.stdout)[1])
        return outcome

    async def read(self, reference: str, journal: Journal) -> tuple[str, str]:
        """A release artifact's digest and its JSON; raises RegistryError where it cannot be had."""
        inside = self.registry.inside(reference)
        outcome = await self._run(
            "read-release", [["crane", "digest", inside], ["crane", "manifest", inside]], journal
        )
        if outcome.exit_code:
            raise self._registry_error(outcome.stderr)
        digest, manifest = json.loads(outcome.stdout)
        layer = json.loads(manifest)["layers"][0]["digest"]
        repository = inside.partition("@")[0]
        blob = await self._run(
            "read-release-content", [["crane", "blob", f"{repository}@{layer}"]], journal
        )
        if blob.exit_code:
            raise self._registry_error(blob.stderr)
        content: str = json.loads(blob.stdout)[0]
        return digest.strip(), content

    async def tag(self, tags: Mapping[str, str], journal: Journal) -> None:
        """Give tags to digests, in the order given: whoever finds the last finds all of them."""
        commands = [
            ["crane", "tag", self.registry.inside(pinned), tag.rpartition(":")[2]]
            for tag, pinned in tags.items()
        ]
        before = tuple(f"verify-{tag.rpartition('/')[2].partition(':')[0]}" for tag in tags)
        outcome = await self._run("tag", commands, journal, after=before)
        if outcome.exit_code:
            raise self._registry_error(outcome.stderr)

    def _box(self) -> dagger.Container:
        return self.tools.box("crane", "cosign").with_env_variable("SLIPWAY_NONCE", self.nonce)

    async def _run(
        self,
        name: str,
        commands: Sequence[Sequence[str]],
        journal: Journal,
        container: dagger.Container | None = None,
        options: Sequence[str] = (),
        after: Sequence[str] = (),
    ) -> Outcome:
        ready = await self.registry.connected(container or self._box())
        stage = Stage(
            name=name,
            container=ready.with_new_file("/commands.json", json.dumps(list(commands))),
            argv=(
                "python", "-m", "slipway.inside.sequence", "--commands", "/commands.json", *options
            ),
            accept=(0, FAILED),
            after=tuple(after),
        )  # fmt: skip
        return await stage.run(journal)

    def _registry_error(self, text: str) -> RegistryError:
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


def _require_signature(kind: str, pinned: str, verified: str) -> None:
    """`cosign verify` takes any bundle of the key for a signature, an attestation too: ask for the type."""
    types = {entry["critical"]["type"] for entry in json.loads(verified)}
    if SIGNATURE not in types:
        raise VerificationError(
            f"the {kind} has attestations but no signature",
            where=pinned,
            remedy="Release it again: `dagger call release`",
        )
