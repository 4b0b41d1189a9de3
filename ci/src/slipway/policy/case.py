"""One release before one environment's policy: the values that the rules decide over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..attestations.release import Release
from ..attestations.statements import PLAN, PROVENANCE, SBOM, VERDICTS, Judgement, Statement, newest
from ..errors import SlipwayError
from ..oci.digests import Reference
from ..oci.manifests import PLAN_TYPE, RELEASE_TYPE
from ..oci.modelpack import ARTIFACT_TYPE as MODEL_TYPE
from .document import Environment, Policy, Signer
from .verification import Check

# Clocks of two machines differ a little; a statement of the day after tomorrow is no honest one.
SKEW = dt.timedelta(minutes=5)
ARTIFACT_TYPES: Mapping[str, str] = {
    "model": MODEL_TYPE,
    "image": "",
    "plan": PLAN_TYPE,
    "release": RELEASE_TYPE,
}
ATTESTED: Mapping[str, tuple[str, ...]] = {
    "model": (PROVENANCE, SBOM, VERDICTS),
    "image": (PROVENANCE, SBOM, VERDICTS),
    "plan": (PLAN, PROVENANCE, VERDICTS),
    "release": (VERDICTS,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was found of one artifact, all of it checked against one signer's key or identity.

    `artifact_type` is the manifest's; `signed` whether there is a signature of the type of signatures; `statements` by
    predicate type; `errors` says for what was asked and not found what the tool said.
    """

    reference: Reference
    artifact_type: str = ""
    signed: bool = False
    statements: Mapping[str, tuple[Statement, ...]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One release before one environment's policy, as one signer signed it."""

    policy: Policy
    environment: Environment
    signer: Signer
    release: Release
    evidence: Mapping[str, Evidence]
    now: dt.datetime

    def check(
        self, artifact: str, asked: str, found: str, ok: bool, at: dt.datetime | None = None
    ) -> Check:
        """A check by this case's signer."""
        return Check(
            artifact=artifact,
            requirement=asked,
            result=found,
            ok=ok,
            signer=self.signer.name,
            time=at,
        )


def judgement_of(case: Case, found: Sequence[Statement], where: str) -> Judgement:
    """The last one about the release's commit; the same bits may have been judged for other commits, too."""
    judgement = newest(found, commit=case.release.commit, where=where)
    if judgement.at > case.now + SKEW:
        raise SlipwayError("verdicts of the future")
    return judgement
