"""Whether a release proves what a policy asks for an environment: pure decisions over verified statements.

Whoever calls this has checked signatures and contents; what stands here decides what they are worth. Nothing passes by
being absent: each rule gives a `Check`, and a rule without anything to look at gives one that does not hold.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..attestations import provenance
from ..attestations.plan_facts import PlanFacts
from ..attestations.plan_facts import newest as newest_facts
from ..attestations.release import Release
from ..attestations.statements import (
    NAMES,
    PLAN,
    PROVENANCE,
    SBOM,
    VERDICTS,
    Judgement,
    Statement,
    newest,
)
from ..errors import SlipwayError
from ..formats.times import written
from ..oci.digests import Reference
from ..oci.manifests import PLAN_TYPE, RELEASE_TYPE
from ..oci.modelpack import ARTIFACT_TYPE as MODEL_TYPE
from ..verdicts.verdict import Finding, Status, Verdict, WhenNotEvaluated
from .document import Environment, GateRule, Policy, Signer, Waiver
from .verification import Check, Verification

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
    predicate type; `complaints` says for what was asked and not found what the tool said.
    """

    reference: Reference
    artifact_type: str = ""
    signed: bool = False
    statements: Mapping[str, tuple[Statement, ...]] = field(default_factory=dict)
    complaints: Mapping[str, str] = field(default_factory=dict)


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


def evaluate(case: Case) -> Verification:
    """Every rule over every artifact; the release's reference and commit go into the answer."""
    checks = [
        *(check for kind in ATTESTED for check in _artifact(case, kind)),
        *_gates(case),
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
    content = evidence.complaints.get("content", "")
    yield case.check(kind, f"content of {digest[:19]}…", content or "the same", not content)
    wanted = ARTIFACT_TYPES[kind]
    right = evidence.artifact_type == wanted
    said = evidence.artifact_type or "an image"
    yield case.check(kind, f"{wanted or 'an image'}", said, right)
    said = "a signature" if evidence.signed else evidence.complaints.get("signature", "none")
    yield case.check(kind, f"signed by {case.signer.name}", said, evidence.signed)
    for predicate_type in ATTESTED[kind]:
        yield _statements(case, kind, predicate_type, evidence)


def _statements(case: Case, kind: str, predicate_type: str, evidence: Evidence) -> Check:
    """All statements of one type: each has to hold. One good one among bad ones is not enough."""
    name = NAMES[predicate_type]
    found = evidence.statements.get(predicate_type, ())
    if not found:
        why = evidence.complaints.get(name, "none")
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
        if record.build_type is not provenance.BuildType[kind.upper()]:
            raise SlipwayError(f"a build of another kind, {record.build_type.value}")
        if record.builder_id not in case.signer.builders:
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
        if fields.text("bomFormat") != "CycloneDX":
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
    return f"{last.making.stack}, {last.state.told}, until {written(last.expires)}", last.created


def _judged(case: Case, kind: str, found: Sequence[Statement]) -> tuple[str, dt.datetime | None]:
    judgement = _judgement(case, found, f"verdicts of the {kind}")
    return f"{len(judgement.verdicts)} verdicts", judgement.at


def _judgement(case: Case, found: Sequence[Statement], where: str) -> Judgement:
    """The last one about the release's commit; the same bits may have been judged for other commits, too."""
    judgement = newest(found, commit=case.release.commit, where=where)
    if judgement.at > case.now + SKEW:
        raise SlipwayError("verdicts of the future")
    return judgement


_Reader = Callable[[Case, str, Sequence[Statement]], tuple[str, dt.datetime | None]]
_READERS: Mapping[str, _Reader] = {
    PLAN: _planned,
    PROVENANCE: _provenance,
    SBOM: _bom,
    VERDICTS: _judged,
}


def _gates(case: Case) -> Iterator[Check]:
    """Each gate that the environment asks for, by what is attested of the release artifact; and each waiver."""
    evidence = case.evidence.get("release")
    statements = evidence.statements.get(VERDICTS, ()) if evidence else ()
    try:
        judgement = _judgement(case, statements, "verdicts of the release")
    except SlipwayError as error:
        yield case.check("release", "the gates' verdicts", error.what, False)
        return
    used: set[Waiver] = set()
    for rule in case.environment.gates:
        told = [verdict for verdict in judgement.verdicts if verdict.gate == rule.gate]
        if len(told) != 1:
            found = "it said nothing" if not told else "several verdicts"
            yield case.check("release", f"gate {rule.gate}", found, False)
            continue
        yield _gate(case, rule, told[0], used)
    yield from _waivers(case, used)


def _gate(case: Case, rule: GateRule, verdict: Verdict, used: set[Waiver]) -> Check:
    """One gate against its rule."""
    asked = f"gate {rule.gate}" + (f" below {rule.severity.word}" if rule.severity else "")
    problem = (
        _stranger(case, verdict)
        or _too_old(case, rule, verdict)
        or _findings(case, rule, verdict, used)
    )
    # A verdict that is not evaluated says so in its summary already.
    told = problem or verdict.summary
    if verdict.status is not Status.NOT_EVALUATED or not told.startswith(verdict.status.value):
        told = f"{verdict.status.value}: {told}"
    return case.check("release", asked, told, not problem, verdict.time)


def _stranger(case: Case, verdict: Verdict) -> str:
    """A verdict is about this release's commit, or one of its artifacts."""
    release = case.release
    own = {release.commit} | {
        str(reference.digest) for reference in (release.model, release.image, release.plan)
    }
    return (
        "" if verdict.subject in own else f"it looked at {verdict.subject or 'nobody knows what'}"
    )


def _too_old(case: Case, rule: GateRule, verdict: Verdict) -> str:
    if verdict.time is None or verdict.time > case.now + SKEW:
        return "nobody knows when" if verdict.time is None else "it looked in the future"
    if rule.max_age is not None and case.now - verdict.time > rule.max_age:
        return f"it looked longer than {rule.max_age.days} days ago; release again"
    if rule.max_data_age is None or verdict.status is Status.NOT_EVALUATED:
        return ""
    if verdict.data_date is None:
        return "nobody knows how old its data is"
    age = case.now.date() - verdict.data_date
    return (
        f"its data is of {verdict.data_date.isoformat()}, older than {rule.max_data_age.days} days"
        if age > rule.max_data_age
        else ""
    )


def _findings(case: Case, rule: GateRule, verdict: Verdict, used: set[Waiver]) -> str:
    """What stands against it; the waivers that were needed are noted in `used`."""
    if verdict.status is Status.NOT_EVALUATED:
        return "" if rule.not_evaluated is WhenNotEvaluated.ALLOW else verdict.summary
    if rule.severity is None:
        serious = () if verdict.status is Status.PASSED else verdict.findings
    else:
        serious = tuple(each for each in verdict.findings if each.severity.reaches(rule.severity))
    left = [finding for finding in serious if not _waived(case, rule, finding, used)]
    if left:
        more = f" and {len(left) - 1} more" if len(left) > 1 else ""
        return f"{left[0].id} {left[0].title}{more}"
    # A gate that failed without saying of what: there is nothing that a waiver could name.
    return verdict.summary if verdict.status is Status.FAILED and not verdict.findings else ""


def _waived(case: Case, rule: GateRule, finding: Finding, used: set[Waiver]) -> bool:
    for waiver in _own_waivers(case):
        if (waiver.id, waiver.gate) == (finding.id, rule.gate):
            used.add(waiver)
            return case.now.date() <= waiver.expires
    return False


def _own_waivers(case: Case) -> list[Waiver]:
    """Those of this environment, and of this release where they name one."""
    evidence = case.evidence.get("release")
    digest = evidence.reference.digest if evidence else None
    return [
        waiver
        for waiver in case.policy.waivers
        if waiver.environment == case.environment.name and waiver.release in (None, digest)
    ]


def _waivers(case: Case, used: set[Waiver]) -> Iterator[Check]:
    """A waiver that ended, or that waives nothing, is to be taken out: it would hide what comes next."""
    for waiver in _own_waivers(case):
        expired = case.now.date() > waiver.expires
        found = f"ended on {waiver.expires.isoformat()}" if expired else "matches nothing"
        ok = waiver in used and not expired
        told = f"{waiver.owner}: {waiver.reason}" if ok else f"{found}; remove it"
        yield case.check("policy", f"waiver {waiver.id} for {waiver.gate}", told, ok)


def _options(case: Case) -> Iterator[Check]:
    """Dangerous options are accepted by name only."""
    used = set(case.release.allowed) | ({"allow-dirty"} if case.release.dirty else set())
    refused = sorted(used - set(case.environment.allowed))
    found = ", ".join(refused) or ("accepted: " + ", ".join(sorted(used)) if used else "none")
    yield case.check("release", "no dangerous option", found, not refused)
