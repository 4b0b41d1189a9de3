"""Publish, and see to it that what was published stays: another run may be writing about the same bits.

A registry without a referrers API keeps the list of an artifact's signatures and attestations under one tag, and each
writer reads that list, adds a line, and writes it back (OCI distribution 1.1, "Referrers Tag Schema";
go-containerregistry, `commitSubjectReferrers`). Of two writers at once the later one drops the other's line, and
neither is told. So whoever has published looks, and signs and attests again what is not there any more.
"""

import secrets
import uuid
from dataclasses import replace
from typing import Final

import anyio

from .domain.fields import Fields
from .domain.policy_rules import Evidence
from .errors import VerificationError
from .proof import Found, gather, proved
from .publish import Desk, Subject
from .signing import Trust
from .stage import Journal

ROUNDS: Final = 6
# Two that lost to each other wait for different times, or they would meet again.
_PAUSE: Final = 1000


async def settle(desk: Desk, subject: Subject, trust: Trust, journal: Journal) -> Found:
    """Publish an artifact until all that was said of it is in the registry, and verifies.

    Raises VerificationError where other writers drop it again and again, or where it does not verify.
    """
    left = subject
    while True:
        # A nonce of its own for each round: what the registry holds now is asked for, not what it held then.
        at = replace(desk, nonce=uuid.uuid4().hex)
        pinned = await at.publish(left, journal)
        stage = left.stage.replace("publish", "verify", 1)
        waited = (left.stage, "pack-release")
        found = await gather(at, subject.kind, pinned, trust, journal, stage=stage, after=waited)
        lost = missing(subject, found.evidence)
        if lost is None:
            return proved(subject.kind, found)
        if left.again + 1 == ROUNDS:
            raise _crowded(lost, pinned)
        left = replace(lost, again=left.again + 1)
        await anyio.sleep(secrets.randbelow(_PAUSE * left.again) / 1000)


def missing(subject: Subject, evidence: Evidence) -> Subject | None:
    """What of a subject's signature and attestations is not there; None where all of it is.

    An attestation is there if a verified statement says the very same; that of another run is another.
    """
    attestations = {
        name: predicate
        for name, predicate in subject.attestations.items()
        if Fields.parse(predicate, where=name).values
        not in [said.predicate.values for said in evidence.statements.get(name, ())]
    }
    signed = subject.signed and not evidence.signed
    if not attestations and not signed:
        return None
    return replace(subject, attestations=attestations, signed=signed)


def _crowded(subject: Subject, pinned: str) -> VerificationError:
    lost = ", ".join(subject.attestations) or "the signature"
    return VerificationError(
        f"what was attested of the {subject.kind} does not stay in the registry: {lost}",
        where=pinned,
        remedy="Another run writes about the same artifact; run `dagger call release` again when it is done",
    )
