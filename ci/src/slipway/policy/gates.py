"""Whether the gates that an environment asks for have passed, by what is attested of the release; and its waivers."""

from __future__ import annotations

from collections.abc import Iterator

from ..attestations.statements import VERDICTS
from ..errors import SlipwayError
from ..verdicts.verdict import Finding, Status, Verdict, WhenNotEvaluated
from .case import SKEW, Case, judgement_of
from .document import GateRule, Waiver
from .verification import Check


def gates(case: Case) -> Iterator[Check]:
    """Each gate that the environment asks for, by what is attested of the release artifact; and each waiver."""
    evidence = case.evidence.get("release")
    statements = evidence.statements.get(VERDICTS, ()) if evidence else ()
    try:
        judgement = judgement_of(case, statements, "verdicts of the release")
    except SlipwayError as error:
        yield case.check("release", "the gates' verdicts", error.what, False)
        return
    used: set[Waiver] = set()
    for rule in case.environment.gates:
        matching = [verdict for verdict in judgement.verdicts if verdict.gate == rule.gate]
        if len(matching) != 1:
            found = "it said nothing" if not matching else "several verdicts"
            yield case.check("release", f"gate {rule.gate}", found, False)
            continue
        yield _gate(case, rule, matching[0], used)
    yield from _waivers(case, used)


def _gate(case: Case, rule: GateRule, verdict: Verdict, used: set[Waiver]) -> Check:
    """One gate against its rule."""
    asked = f"gate {rule.gate}" + (f" below {rule.severity.word}" if rule.severity else "")
    problem = (
        _stranger(case, verdict)  # refusal 04c
        or _too_old(case, rule, verdict)
        or _findings(case, rule, verdict, used)
    )
    # A verdict that is not evaluated says so in its summary already.
    text = problem or verdict.summary
    if verdict.status is not Status.NOT_EVALUATED or not text.startswith(verdict.status.value):
        text = f"{verdict.status.value}: {text}"
    return case.check("release", asked, text, not problem, verdict.time)


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
    if rule.max_age is not None and case.now - verdict.time > rule.max_age:  # refusal 04a
        return f"it looked longer than {rule.max_age.days} days ago; release again"
    if rule.max_data_age is None or verdict.status is Status.NOT_EVALUATED:
        return ""
    if verdict.data_date is None:
        return "nobody knows how old its data is"
    age = case.now.date() - verdict.data_date
    return (
        f"its data is of {verdict.data_date.isoformat()}, older than {rule.max_data_age.days} days"
        if age > rule.max_data_age  # refusal 04b
        else ""
    )


def _findings(case: Case, rule: GateRule, verdict: Verdict, used: set[Waiver]) -> str:
    """What stands against it; the waivers that were needed are noted in `used`."""
    if verdict.status is Status.NOT_EVALUATED:
        allowed = rule.not_evaluated is WhenNotEvaluated.ALLOW  # refusal 08c
        return "" if allowed else verdict.summary
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
        if waiver.environment == case.environment.name  # refusal 18a
        and waiver.release in (None, digest)  # refusal 18b
    ]


def _waivers(case: Case, used: set[Waiver]) -> Iterator[Check]:
    """A waiver that ended, or that waives nothing, is to be taken out: it would hide what comes next."""
    for waiver in _own_waivers(case):
        expired = case.now.date() > waiver.expires
        found = f"ended on {waiver.expires.isoformat()}" if expired else "matches nothing"
        ok = waiver in used and not expired
        text = f"{waiver.owner}: {waiver.reason}" if ok else f"{found}; remove it"
        yield case.check("policy", f"waiver {waiver.id} for {waiver.gate}", text, ok)
