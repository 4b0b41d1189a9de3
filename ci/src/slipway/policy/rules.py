"""Whether a release proves what a policy asks for an environment: pure decisions over verified statements.

Whoever calls this has checked signatures and contents; what stands here decides what they are worth. Nothing passes by
being absent: each rule gives a `Check`, and a rule without anything to look at gives one that does not hold.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence

from ..attestations import provenance
from ..attestations.plan_facts import PlanFacts
from ..attestations.plan_facts import newest as newest_facts
from ..attestations.statements import NAMES, PLAN, PROVENANCE, SBOM, VERDICTS, Statement
from ..errors import SlipwayError
from ..formats.times import written
from ..oci.digests import Reference
from .case import ARTIFACT_TYPES, ATTESTED, SKEW, Case, Evidence, judgement_of
from .gates import gates
from .verification import Check, Verification


def evaluate(case: Case) -> Verification:
    """Every rule over every artifact; the release's reference and commit go into the answer."""
    checks = [
        *(check for kind in ATTESTED for check in _artifact(case, kind)),
        *gates(case),
        *_options(case),
    ]
    whole = case.evidence.get("release")
    return Verification(
        release=whole.reference.pinned if whole else "",
        commit=case.release.commit,
        environment=case.environment.name,
        artifacts={kind: each.reference.pinned for kind, each in case.evidence.items()},
        checks=tuple(checks),
    )


def _artifact(case: Case, kind: str) -> Iterator[Check]:
    """Content, kind, signature, and each statement that belongs to an artifact of this kind."""
    evidence = case.evidence.get(kind)
    if evidence is None:
        yield case.check(kind, "the artifact", "nothing", False)
        return
    digest = str(evidence.reference.digest)
    content = evidence.errors.get("content", "")
    yield case.check(kind, f"content of {digest[:19]}…", content or "the same", not content)
    wanted = ARTIFACT_TYPES[kind]
    right = evidence.artifact_type == wanted  # refusal 03b
    said = evidence.artifact_type or "an image"
    yield case.check(kind, f"{wanted or 'an image'}", said, right)
    said = "a signature" if evidence.signed else evidence.errors.get("signature", "none")
    yield case.check(kind, f"signed by {case.signer.name}", said, evidence.signed)
    for predicate_type in ATTESTED[kind]:
        yield _statements(case, kind, predicate_type, evidence)


def _statements(case: Case, kind: str, predicate_type: str, evidence: Evidence) -> Check:
    """All statements of one type: each has to hold. One good one among bad ones is not enough."""
    name = NAMES[predicate_type]
    found = evidence.statements.get(predicate_type, ())
    if not found:  # refusal 07b
        why = evidence.errors.get(name, "none")
        return case.check(kind, f"{name} attested", why, False)
    try:
        for statement in found:
            _is_of(statement, predicate_type, evidence.reference)
        said, at = _READERS[predicate_type](case, kind, found)
    except SlipwayError as error:
        return case.check(kind, f"{name} attested", error.what, False)
    return case.check(kind, f"{name} attested", said, True, at)


def _is_of(statement: Statement, predicate_type: str, reference: Reference) -> None:
    if statement.predicate_type != predicate_type:
        raise SlipwayError(f"a statement of another type, {statement.predicate_type}")
    if statement.subject != reference.digest:
        raise SlipwayError(f"a statement about another artifact, {statement.subject}")


def _provenance(
    case: Case, kind: str, found: Sequence[Statement]
) -> tuple[str, dt.datetime | None]:
    """Each build's provenance: the kind's buildType, a builder of this signer's; and one of the release's commit.

    Another commit may have given the same bits before: its provenance is as honest, but proves nothing of this one.
    """
    records = [
        provenance.read(statement.content, where=f"provenance of the {kind}") for statement in found
    ]
    for record in records:
        if record.build_type is not provenance.BuildType[kind.upper()]:  # refusal 03c
            raise SlipwayError(f"a build of another kind, {record.build_type.value}")
        if record.builder_id not in case.signer.builders:  # refusal 05
            raise SlipwayError(f"builder {record.builder_id}, not one of {case.signer.name}'s")
        if record.finished > case.now + SKEW:
            raise SlipwayError("built in the future")
    own = [record for record in records if record.commit == case.release.commit]
    if not own:
        raise SlipwayError(f"made of another commit, {records[-1].commit}")
    last = max(own, key=lambda record: record.finished)
    return f"builder {last.builder_id}", last.finished


def _bom(case: Case, kind: str, found: Sequence[Statement]) -> tuple[str, dt.datetime | None]:
    """A bill of materials that lists something, of the artifact's own kind."""
    del case
    for statement in found:
        fields = statement.predicate
        if fields.text("bomFormat") != "CycloneDX":  # refusal 03a
            raise SlipwayError(f"{fields.text('bomFormat')!r}, no CycloneDX")
        if not fields.items("components"):
            raise SlipwayError("a bill of materials without any component")
        if kind == "model":
            component = fields.inner("metadata").inner("component")
            if component.text("type") != "machine-learning-model":
                raise SlipwayError(f"a bill of {component.text('type')!r}, of no model")
    fields = found[-1].predicate
    return f"CycloneDX {fields.text('specVersion')}, {len(fields.items('components'))} parts", None


def _planned(case: Case, kind: str, found: Sequence[Statement]) -> tuple[str, dt.datetime | None]:
    """What was signed of the plan: of several statements, each tells of the same making and the same state."""
    del case, kind
    last = newest_facts(found)
    for statement in found:
        facts = PlanFacts.of(statement.predicate)
        if (facts.making, facts.plan, facts.state) != (last.making, last.plan, last.state):
            raise SlipwayError("two statements tell of different plans")
    return f"{last.making.stack}, {last.state.summary}, until {written(last.expires)}", last.created


def _judged(case: Case, kind: str, found: Sequence[Statement]) -> tuple[str, dt.datetime | None]:
    judgement = judgement_of(case, found, f"verdicts of the {kind}")
    return f"{len(judgement.verdicts)} verdicts", judgement.at


_Reader = Callable[[Case, str, Sequence[Statement]], tuple[str, dt.datetime | None]]
_READERS: Mapping[str, _Reader] = {
    PLAN: _planned,
    PROVENANCE: _provenance,
    SBOM: _bom,
    VERDICTS: _judged,
}


def _options(case: Case) -> Iterator[Check]:
    """Dangerous options are accepted by name only."""
    used = set(case.release.allowed) | ({"allow-dirty"} if case.release.dirty else set())
    refused = sorted(used - set(case.environment.allowed))
    found = ", ".join(refused) or ("accepted: " + ", ".join(sorted(used)) if used else "none")
    yield case.check("release", "no dangerous option", found, not refused)
