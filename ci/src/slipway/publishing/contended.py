"""Publish until it stays: another run may be writing about the same artifact.

A registry without a referrers API keeps the list of an artifact's signatures and attestations under one tag, and each
writer reads that list, adds a line, and writes it back (OCI distribution 1.1, "Referrers Tag Schema";
go-containerregistry, `commitSubjectReferrers`). Of two writers at once the later one drops the other's line, and
neither is told. So a publisher reads back what it wrote, and signs and attests again what is gone.
"""

import secrets
from dataclasses import replace
from typing import Final

import anyio

from ..errors import VerificationError
from ..formats.fields import Fields
from ..policy.case import Evidence
from ..signers.verifier import Verifier
from .client import PulledArtifact
from .publisher import Publisher, Subject

ROUNDS: Final = 6
# Two that lost to each other wait for different times, or they would meet again. Milliseconds.
_PAUSE: Final = 1000


async def publish_until_stable(
    publisher: Publisher, subject: Subject, verifier: Verifier
) -> PulledArtifact:
    """Publish an artifact until its signature and all its attestations are in the registry; returns what is there.

    Raises VerificationError where other writers drop them again and again.
    """
    left = subject
    while True:
        pinned = await publisher.publish(left)
        pulled = await publisher.client.pull(
            subject.kind,
            pinned,
            verifier,
            stage=left.verify_stage,
            gated_by=(left.publish_stage,),
        )
        lost = missing(subject, pulled.evidence)
        if lost is None:  # refusal 07a
            return pulled
        if left.round + 1 == ROUNDS:
            raise _contended(lost, pinned)
        left = replace(lost, round=left.round + 1)
        await anyio.sleep(secrets.randbelow(_PAUSE * left.round) / 1000)


def missing(subject: Subject, evidence: Evidence) -> Subject | None:
    """The part of a subject's signature and attestations that is not in the registry; None where all of it is.

    An attestation is there if a verified statement has the very same predicate; that of another run is another.
    """
    attestations = {
        name: predicate
        for name, predicate in subject.attestations.items()
        if Fields.parse(predicate, where=name).values
        not in [each.predicate.values for each in evidence.statements.get(name, ())]
    }
    signed = subject.signed and not evidence.signed
    if not attestations and not signed:
        return None
    return replace(subject, attestations=attestations, signed=signed)


def _contended(subject: Subject, pinned: str) -> VerificationError:
    lost = ", ".join(subject.attestations) or "the signature"
    return VerificationError(
        f"attestations of the {subject.kind} do not stay in the registry: {lost}",
        where=pinned,
        remedy="Another run writes about the same artifact; run `dagger call release` again when it is done",
    )
