"""What can be proved of an artifact: content, signature and statements, each asked for exactly and read.

cosign alone is satisfied too soon: `verify` takes any bundle that the key made for a signature, an attestation of a
failed scan too, and `verify-attestation` passes when one of several matches. So every bundle's type is asked for, and
every statement that verified is read: its type, its subject, and what it says (domain.policy_rules).
"""

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import dagger

from .domain.digests import Reference
from .domain.policy_rules import ATTESTED, Evidence
from .domain.registry_answers import absent, of_registry, said
from .domain.statements import NAMES, Statement, of_envelopes
from .errors import SlipwayError, VerificationError
from .publish import Desk
from .signing import SIGNATURE, Trust, verify_commands
from .stage import Job, Journal, side_by_side

PULLED: Final = "/pulled"
# Verification reads what others wrote: it may not go on for ever.
SECONDS: Final = 300
_OTHER_CONTENT = re.compile(
    r"does not match|mismatch|error verifying|unexpected EOF", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """An artifact as it was pulled, and the evidence for it."""

    evidence: Evidence
    layout: dagger.Directory


async def gather(
    desk: Desk,
    kind: str,
    pinned: str,
    trust: Trust,
    journal: Journal,
    types: Sequence[str] | None = None,
    stage: str = "",
    after: Sequence[str] = (),
) -> Found:
    """Pull an artifact by digest and ask for everything that an artifact of its kind has to have (or `types`).

    What does not verify is missing in the evidence, and its complaint says why. Raises RegistryError where the
    registry does not answer.
    """
    wanted = ATTESTED[kind] if types is None else tuple(types)
    inside = desk.registry.inside(pinned)
    commands = [
        ["crane", "manifest", inside],
        ["crane", "pull", "--format=oci", inside, PULLED],
        *verify_commands(trust, inside, wanted),
    ]
    outcome = await desk.run(
        stage or f"verify-{kind}",
        commands,
        journal,
        trust.mounted(desk.box()),
        options=("--each",),
        after=after or (f"publish-{kind}", "pack-release"),
        seconds=SECONDS,
    )
    manifest, pull, signature, *attestations = (
        _Answer(*each) for each in json.loads(outcome.stdout)
    )
    complaints: dict[str, str] = {}
    for answer in (manifest, pull):
        if answer.code and not _OTHER_CONTENT.search(answer.err):
            raise desk.registry_error(answer.err)
        if answer.code:
            complaints["content"] = said(answer.err)
    for answer in (signature, *attestations):
        if answer.code and of_registry(answer.err) and not absent(answer.err):
            raise desk.registry_error(answer.err)
    evidence = Evidence(
        reference=Reference.parse(pinned),
        artifact_type=_artifact_type(manifest.out) if not manifest.code else "",
        signed=_signed(signature, complaints),
        statements={
            name: _statements(name, answer, complaints)
            for name, answer in zip(wanted, attestations, strict=True)
        },
        complaints=complaints,
    )
    return Found(evidence=evidence, layout=outcome.directory(PULLED))


@dataclass(frozen=True)
class _Answer:
    """What a command answered."""

    code: int
    out: str
    err: str


def _artifact_type(manifest: str) -> str:
    content = json.loads(manifest)
    return str(content.get("artifactType", "")) if isinstance(content, dict) else ""


def _signed(answer: _Answer, complaints: dict[str, str]) -> bool:
    """Whether there is a signature, of the type of signatures."""
    if answer.code:
        complaints["signature"] = said(answer.err)
        return False
    types = {entry["critical"]["type"] for entry in json.loads(answer.out)}
    if SIGNATURE not in types:
        complaints["signature"] = "attestations, but no signature"
    return SIGNATURE in types


def _statements(
    predicate_type: str, answer: _Answer, complaints: dict[str, str]
) -> tuple[Statement, ...]:
    name = NAMES.get(predicate_type, predicate_type)
    if answer.code:
        complaints[name] = said(answer.err)
        return ()
    try:
        return of_envelopes(answer.out, where=name)
    except SlipwayError as error:
        complaints[name] = error.what
        return ()


async def verify(
    desk: Desk,
    kind: str,
    pinned: str,
    trust: Trust,
    journal: Journal,
    types: Sequence[str] | None = None,
    stage: str = "",
    after: Sequence[str] = (),
) -> Found:
    """What `gather` finds, where nothing of it is missing; raises VerificationError where something is."""
    return proved(kind, await gather(desk, kind, pinned, trust, journal, types, stage, after))


def proved(kind: str, found: Found) -> Found:
    """What was found, where nothing of it is missing; raises VerificationError where something is."""
    evidence = found.evidence
    pinned = evidence.reference.pinned
    for what, complaint in evidence.complaints.items():
        raise VerificationError(
            f"the {kind} does not verify: {what}: {complaint}",
            where=pinned,
            remedy="Do not use it; check that --public-key is the key it was signed with",
        )
    strangers = [
        statement.subject
        for each in evidence.statements.values()
        for statement in each
        if statement.subject != evidence.reference.digest
    ]
    if strangers:
        raise VerificationError(
            f"the {kind} does not verify: a statement about another artifact, {strangers[0]}",
            where=pinned,
            remedy="Do not use it",
        )
    return found


async def verify_all(
    desk: Desk, pinned: dict[str, str], trust: Trust, journal: Journal
) -> dict[str, Found]:
    """`verify` for each of several artifacts by kind, side by side."""
    return await _each(pinned, lambda kind: verify(desk, kind, pinned[kind], trust, journal))


async def gather_all(
    desk: Desk, pinned: dict[str, str], trust: Trust, journal: Journal
) -> dict[str, Found]:
    """`gather` for each of several artifacts by kind, side by side."""
    return await _each(pinned, lambda kind: gather(desk, kind, pinned[kind], trust, journal))


async def _each(kinds: dict[str, str], ask: Callable[[str], Awaitable[Found]]) -> dict[str, Found]:
    found: dict[str, Found] = {}

    def job(kind: str) -> Job:
        async def run() -> None:
            found[kind] = await ask(kind)

        return run

    await side_by_side(*(job(kind) for kind in kinds))
    return {kind: found[kind] for kind in kinds}
