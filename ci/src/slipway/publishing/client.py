"""A registry client: look tags up, read a release, pull an artifact with the evidence for it. It writes nothing.

cosign alone is satisfied too soon: `verify` takes any bundle that the key made for a signature, an attestation of a
failed scan too, and `verify-attestation` passes when one of several matches. So the type of every bundle is checked,
and every statement that verified is read: its type, its subject, and what it says (policy.rules).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import dagger

from ..attestations.statements import NAMES, Statement, of_envelopes
from ..errors import ContentMismatch, DataError, RegistryError, SlipwayError
from ..formats.fields import Fields
from ..oci.digests import Digest, Reference
from ..oci.manifests import MANIFEST_LIMIT
from ..oci.registry_errors import absent, explain, of_registry, said
from ..policy.case import ATTESTED, Evidence
from ..registries.base import Registry
from ..runtime.images import COSIGN, CRANE
from ..runtime.memo import memoize
from ..runtime.stage import Outcome, Stage, StageRunner, never
from ..runtime.tools import Tools
from ..signers.cosign import SIGNATURE, verify_commands
from ..signers.verifier import Verifier

PULLED: Final = "/pulled"
# Verification reads what others wrote: it may not go on for ever.
SECONDS: Final = 300
_OTHER_CONTENT = re.compile(
    r"does not match|mismatch|error verifying|unexpected EOF", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class PulledArtifact:
    """An artifact as the registry gave it, and the evidence for it. Nothing is known to be good yet."""

    kind: str
    evidence: Evidence
    layout: dagger.Directory
    stage: str


@dataclass(frozen=True, kw_only=True)
class CommandResult:
    """What one of several commands of a stage gave."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, kw_only=True)
class RegistryClient:
    """Reads from one registry."""

    tools: Tools
    registry: Registry
    runner: StageRunner

    async def lookup(self, tags: Sequence[str]) -> Mapping[str, str]:
        """The digests of those tags that exist; raises RegistryError where the registry does not answer."""
        commands = [["crane", "digest", self.registry.internal(tag)] for tag in tags]
        results = results_of(await self.run("lookup", commands, options=("--each",)))
        digests: dict[str, str] = {}
        for tag, result in zip(tags, results, strict=True):
            if result.code == 0:
                digests[tag] = result.stdout.strip()
            elif not absent(result.stderr):
                raise self.error(result.stderr)
        return digests

    async def read_release(self, reference: str) -> tuple[Reference, str]:
        """The reference by digest of a release artifact, and its JSON; raises RegistryError where it cannot be had.

        The digest is that of the manifest that was read: looked up apart, a tag could move in between. Raises
        ContentMismatch where it is not the one that the reference names.
        """
        inside = self.registry.internal(reference)
        manifest = await self._output("read-release", ["crane", "manifest", inside])
        digest = Digest.of(manifest.encode())
        wanted = Reference.parse(reference).digest
        if wanted is not None and digest != wanted:
            raise ContentMismatch(
                f"the registry answers with {digest}",
                where=reference,
                remedy="Do not use this registry",
            )
        if len(manifest) > MANIFEST_LIMIT:  # refusal 16
            raise DataError(
                f"the release's manifest has {len(manifest)} characters, {MANIFEST_LIMIT} at most are read",
                where=reference,
                remedy="Do not use this release",
            )
        layer = _only_layer(manifest, reference)
        blob = f"{Reference.parse(inside).name}@{layer}"
        content = await self._output("read-release-content", ["crane", "blob", blob])
        if Digest.of(content.encode()) != layer:
            raise ContentMismatch("the release's content is another", where=reference)
        return Reference.parse(reference).with_digest(digest), content

    async def pull(
        self,
        kind: str,
        pinned: str,
        verifier: Verifier,
        *,
        types: Sequence[str] | None = None,
        stage: str = "",
        gated_by: Sequence[str] = (),
    ) -> PulledArtifact:
        """Pull an artifact by digest, with the signature and every attestation that its kind has to have (or `types`).

        What does not verify is missing in the evidence, and its `errors` say why. Raises RegistryError where the
        registry does not answer.
        """
        wanted = ATTESTED[kind] if types is None else tuple(types)
        inside = self.registry.internal(pinned)
        stage = stage or f"verify-{kind}"
        outcome = await self.run(
            stage,
            [
                ["crane", "manifest", inside],
                ["crane", "pull", "--format=oci", inside, PULLED],
                *verify_commands(verifier, inside, wanted),
            ],
            verifier.mounted(self.container()),
            options=("--each",),
            gated_by=gated_by,
            seconds=SECONDS,
        )
        evidence = self._evidence(pinned, wanted, results_of(outcome))
        return PulledArtifact(
            kind=kind, evidence=evidence, layout=outcome.directory(PULLED), stage=stage
        )

    def _evidence(
        self, pinned: str, wanted: Sequence[str], results: Sequence[CommandResult]
    ) -> Evidence:
        manifest, pull, signature, *attestations = results
        errors: dict[str, str] = {}
        for result in (manifest, pull):
            if result.code and not _OTHER_CONTENT.search(result.stderr):
                raise self.error(result.stderr)
            if result.code:
                errors["content"] = said(result.stderr)
        for result in (signature, *attestations):
            if result.code and of_registry(result.stderr) and not absent(result.stderr):
                raise self.error(result.stderr)
        return Evidence(
            reference=Reference.parse(pinned),
            artifact_type=_artifact_type(manifest.stdout) if not manifest.code else "",
            signed=_signed(signature, errors),
            statements={
                name: _statements(name, result, errors)
                for name, result in zip(wanted, attestations, strict=True)
            },
            errors=errors,
        )

    @memoize
    def container(self) -> dagger.Container:
        """A container with crane and cosign."""
        return self.tools.tool_container(CRANE, COSIGN)

    async def run(
        self,
        name: str,
        commands: Sequence[Sequence[str]],
        container: dagger.Container | None = None,
        *,
        options: Sequence[str] = (),
        gated_by: Sequence[str] = (),
        seconds: int = 900,
    ) -> Outcome:
        """Run commands against the registry, one after the other; never answered from the cache."""
        connected = await self.registry.connected(container or self.container())
        stage = Stage(
            name=name,
            container=connected.with_new_file("/commands.json", json.dumps(list(commands))),
            argv=(
                "python", "-m", "slipway.steps.sequence", "--commands", "/commands.json", *options,
            ),
            gated_by=tuple(gated_by),
            # What the registry holds now is what counts, not what it held then.
            cache=never(),  # refusal 13
            accept=(0, FAILED),
            seconds=seconds,
        )  # fmt: skip
        return await self.runner.run(stage)

    async def _output(self, stage: str, command: Sequence[str]) -> str:
        outcome = await self.run(stage, [command])
        if outcome.exit_code:
            raise self.error(outcome.stderr)
        printed: list[str] = json.loads(outcome.stdout)
        return printed[0]

    def error(self, text: str) -> RegistryError:
        """What a client said about the registry, as people know its address."""
        return explain(
            text.replace(self.registry.internal(self.registry.host), self.registry.host),
            self.registry.host,
        )


FAILED: Final = 4  # what inside.sequence says when a command failed


def results_of(outcome: Outcome) -> list[CommandResult]:
    """What each command gave, in their order (inside.sequence, --each)."""
    return [
        CommandResult(code=code, stdout=stdout, stderr=stderr)
        for code, stdout, stderr in json.loads(outcome.stdout)
    ]


def _artifact_type(manifest: str) -> str:
    content = json.loads(manifest)
    return str(content.get("artifactType", "")) if isinstance(content, dict) else ""


def _signed(result: CommandResult, errors: dict[str, str]) -> bool:
    """Whether there is a signature, of the type of signatures."""
    if result.code:
        errors["signature"] = said(result.stderr)
        return False
    types = {entry["critical"]["type"] for entry in json.loads(result.stdout)}
    if SIGNATURE not in types:
        errors["signature"] = "attestations, but no signature"
    return SIGNATURE in types  # refusal 02


def _statements(
    predicate_type: str, result: CommandResult, errors: dict[str, str]
) -> tuple[Statement, ...]:
    name = NAMES.get(predicate_type, predicate_type)
    if result.code:
        errors[name] = said(result.stderr)
        return ()
    try:
        return of_envelopes(result.stdout, where=name)
    except SlipwayError as error:
        errors[name] = error.what
        return ()


def _only_layer(manifest: str, where: str) -> Digest:
    layers = Fields.parse(manifest, where=where).items("layers")
    if len(layers) != 1:
        raise DataError(f"a release has one layer, not {len(layers)}", where=where)
    return Digest.parse(layers[0].text("digest"))
