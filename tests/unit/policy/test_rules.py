"""What a release has to prove, and each way in which it may fail to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slipway.attestations.statements import NAMES, PROVENANCE, SBOM, VERDICTS
from slipway.oci.digests import Digest
from slipway.policy.case import ATTESTED, Case, Evidence
from slipway.policy.rules import evaluate
from slipway.verdicts.verdict import Finding, Severity, Status, Verdict

from ...support.cases import (
    COMMIT,
    KINDS,
    LINT,
    NOW,
    POLICY,
    SCAN,
    bom,
    built,
    case,
    evidence,
    judged,
    reference,
    statement,
)

DAY = dt.timedelta(days=1)
FINDING = Finding(id="CVE-1", severity=Severity.HIGH, title="a flaw")
WAIVER = """
waivers:
  - {id: CVE-1, gate: scan, environment: dev, reason: not reached, owner: ann, expires: 2026-12-01}
"""


def refused(of: Case) -> dict[str, str]:
    """What did not hold, by artifact and question."""
    answer = evaluate(of)
    assert answer.ok == (not any(not check.ok for check in answer.checks))
    return {
        f"{check.artifact}: {check.requirement}": check.result
        for check in answer.checks
        if not check.ok
    }


def told(kind: str, predicate_type: str, *contents: Any) -> Mapping[str, Evidence]:
    """The evidence where one type of statement says something else."""
    found = evidence(kind)
    digest = found.reference.digest
    assert digest is not None
    statements = tuple(statement(predicate_type, each, digest) for each in contents)
    return {kind: replace(found, statements={**found.statements, predicate_type: statements})}


def gates(*verdicts: Verdict) -> Mapping[str, Evidence]:
    """The evidence where the gates said this."""
    return told("release", VERDICTS, judged(*verdicts))


def test_a_release_that_proves_everything_is_verified() -> None:
    answer = evaluate(case())
    assert answer.ok
    assert answer.commit == COMMIT
    assert answer.release == reference("release").pinned
    assert len(answer.checks) == 4 * 3 + sum(map(len, ATTESTED.values())) + 2 + 1


@pytest.mark.parametrize("kind", KINDS)
def test_an_artifact_without_evidence_is_missed(kind: str) -> None:
    assert refused(case(changed={kind: None}))[f"{kind}: the artifact"] == "nothing"


@pytest.mark.parametrize("kind", KINDS)
def test_no_signature_no_content_no_type(kind: str) -> None:
    changes = {
        "signed": False, "artifact_type": "other",
        "errors": {"content": "digest mismatch", "signature": "attestations only"},
    }  # fmt: skip
    found = refused(case(changed={kind: evidence(kind, **changes)}))
    assert sorted(found.values()) == ["attestations only", "digest mismatch", "other"]


@pytest.mark.parametrize(
    ("kind", "predicate_type"), [(kind, each) for kind in KINDS for each in ATTESTED[kind]]
)
def test_a_statement_that_is_missing_or_about_another_artifact(
    kind: str, predicate_type: str
) -> None:
    asked = f"{kind}: {NAMES[predicate_type]} attested"
    found = evidence(kind)
    others = {name: each for name, each in found.statements.items() if name != predicate_type}
    assert refused(case(changed={kind: replace(found, statements=others)}))[asked] == "none"
    (own,) = found.statements[predicate_type]
    for changed in (
        replace(own, subject=Digest.of(b"another")),
        replace(own, predicate_type="https://example.com/other"),
    ):
        wrong = replace(found, statements={**found.statements, predicate_type: (own, changed)})
        assert "another" in refused(case(changed={kind: wrong}))[asked]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (built("image"), "a build of another kind"),
        (built("model", builder_id="tag:slipway,2026:builder/github-actions"), "not one of"),
        (built("model", finished=NOW + DAY), "in the future"),
        ({"x": 1}, "buildDefinition is missing"),
    ],
)
def test_provenance_is_read(content: Any, why: str) -> None:
    for contents in ([content], [built("model"), content]):
        found = refused(case(changed=told("model", PROVENANCE, *contents)))
        assert why in found["model: provenance attested"]


def test_the_same_bits_of_another_commit_before_are_no_reproach() -> None:
    said = built("model")
    said["buildDefinition"]["resolvedDependencies"][0]["digest"]["gitCommit"] = "b" * 40
    assert refused(case(changed=told("model", PROVENANCE, said, built("model")))) == {}
    other = judged(LINT, commit="b" * 40, at=NOW)
    assert refused(case(changed=told("model", VERDICTS, other, judged(LINT, SCAN)))) == {}


def test_provenance_of_another_commit_is_refused() -> None:
    said = built("plan")
    said["buildDefinition"]["resolvedDependencies"][0]["digest"]["gitCommit"] = "b" * 40
    assert "another commit" in refused(case(changed=told("plan", PROVENANCE, said))).popitem()[1]


@pytest.mark.parametrize(
    ("kind", "changes", "why"),
    [
        ("image", {"bomFormat": "SPDX"}, "no CycloneDX"),
        ("image", {"components": []}, "without any component"),
        ("model", {"metadata": {"component": {"type": "application"}}}, "of no model"),
    ],
)
def test_a_bill_of_materials_is_read(kind: str, changes: dict[str, Any], why: str) -> None:
    found = refused(case(changed=told(kind, SBOM, bom(kind) | changes)))
    assert why in found[f"{kind}: SBOM attested"]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (judged(LINT, SCAN, commit="b" * 40), "another commit"),
        (judged(LINT, SCAN, at=NOW + DAY), "of the future"),
        ({"verdicts": []}, "commit is missing"),
        ({**judged(LINT), "more": 1}, "unknown field"),
    ],
)
def test_verdicts_are_read(said: Any, why: str) -> None:
    assert why in refused(case(changed=told("image", VERDICTS, said)))["image: verdicts attested"]


def test_an_old_good_scan_does_not_hide_the_new_bad_one() -> None:
    bad = replace(SCAN, status=Status.FAILED, findings=(FINDING,))
    old, new = judged(LINT, SCAN, at=NOW - DAY), judged(LINT, bad)
    for order in ([old, new], [new, old]):
        found = refused(case(changed=told("release", VERDICTS, *order)))
        assert found == {"release: gate scan below high": "failed: CVE-1 a flaw"}
    tie = told("release", VERDICTS, judged(LINT, SCAN), new)
    assert "one second" in refused(case(changed=tie))["release: verdicts attested"]


@pytest.mark.parametrize(
    ("verdict", "why"),
    [
        (replace(SCAN, status=Status.FAILED), "clean"),
        (replace(SCAN, status=Status.NOT_EVALUATED), "clean"),
        (replace(SCAN, findings=(FINDING, FINDING)), "CVE-1 a flaw and 1 more"),
        (replace(SCAN, subject=str(Digest.of(b"another"))), "it looked at sha256:"),
        (replace(SCAN, subject=None), "nobody knows what"),
        (replace(SCAN, time=None), "nobody knows when"),
        (replace(SCAN, time=NOW + DAY), "in the future"),
        (replace(SCAN, time=NOW - 8 * DAY), "longer than 7 days ago"),
        (replace(SCAN, data_date=None), "how old its data is"),
        (replace(SCAN, data_date=(NOW - 4 * DAY).date()), "older than 3 days"),
    ],
)
def test_a_gate_has_to_have_passed_lately_on_this_very_release(verdict: Verdict, why: str) -> None:
    assert why in refused(case(changed=gates(LINT, verdict)))["release: gate scan below high"]


def test_a_gate_that_said_nothing_or_twice_has_not_passed() -> None:
    asked = "release: gate scan below high"
    assert refused(case(changed=gates(LINT))) == {"release: gate scan": "it said nothing"}
    assert refused(case(changed=gates(LINT, SCAN, SCAN))) == {
        "release: gate scan": "several verdicts"
    }
    assert asked not in refused(case())
    nothing = refused(case(changed={"release": None}))
    assert nothing["release: the gates' verdicts"] == "no gate's verdict is attested"


def test_what_lies_below_the_threshold_passes_and_so_does_what_may_be_unable_to_look() -> None:
    low = replace(FINDING, severity=Severity.MEDIUM)
    lax = replace(SCAN, status=Status.FAILED, findings=(low,))
    assert refused(case(changed=gates(LINT, lax))) == {}
    not_evaluated = replace(SCAN, status=Status.NOT_EVALUATED, data_date=None)
    policy = POLICY.replace("severity: high,", "severity: high, not-evaluated: allow,")
    assert refused(case(policy, gates(LINT, not_evaluated))) == {}


WAIVED = (
    replace(SCAN, status=Status.WAIVED, findings=(FINDING,)),
    replace(SCAN, status=Status.FAILED, findings=(FINDING,)),
)


@pytest.mark.parametrize("verdict", WAIVED)
@pytest.mark.parametrize("severity", ["severity: high,", ""])
def test_a_waiver_of_the_policy_lets_one_finding_pass(verdict: Verdict, severity: str) -> None:
    policy = POLICY.replace("severity: high,", severity)
    changed = gates(LINT, verdict)
    assert list(refused(case(policy, changed)).values()) == [
        f"{verdict.status.value}: CVE-1 a flaw"
    ]
    assert refused(case(policy + WAIVER, changed)) == {}


def test_a_waiver_that_ended_matches_nothing_or_is_for_another_release() -> None:
    changed = gates(LINT, WAIVED[0])
    late = refused(case(POLICY + WAIVER.replace("2026-12-01", "2026-11-23"), changed))
    assert late["policy: waiver CVE-1 for scan"] == "ended on 2026-11-23; remove it"
    assert len(late) == 2
    assert refused(case(POLICY + WAIVER)) == {
        "policy: waiver CVE-1 for scan": "matches nothing; remove it"
    }
    own, other = reference("release").digest, Digest.of(b"another")
    assert refused(case(POLICY + WAIVER.replace("id:", f"release: '{own}', id:"), changed)) == {}
    found = refused(case(POLICY + WAIVER.replace("id:", f"release: '{other}', id:"), changed))
    assert list(found) == ["release: gate scan below high"]
    staging = "  - {name: staging, signers: [developer], gates: [{gate: lint}]}\n"
    policy = POLICY + staging + WAIVER.replace("environment: dev", "environment: staging")
    assert list(refused(case(policy, changed))) == ["release: gate scan below high"]


def test_dangerous_options_are_accepted_by_name() -> None:
    asked = "release: no dangerous option"
    assert refused(case(dirty=True)) == {asked: "allow-dirty"}
    assert refused(case(allowed=("allow-what",))) == {asked: "allow-what"}
    policy = POLICY.replace("    gates:", "    allowed: [allow-dirty]\n    gates:")
    assert refused(case(policy, dirty=True, allowed=("allow-dirty",))) == {}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            Finding,
            id=st.sampled_from(["CVE-1", "CVE-2"]),
            severity=st.sampled_from(Severity),
            title=st.just("t"),
        ),
        max_size=4,
    ),
    st.sampled_from(Status),
    st.sampled_from([Severity.LOW, Severity.HIGH, Severity.CRITICAL]),
)
def test_nothing_serious_ever_passes_unwaived(
    findings: list[Finding], status: Status, threshold: Severity
) -> None:
    verdict = replace(SCAN, status=status, findings=tuple(findings))
    policy = POLICY.replace("severity: high", f"severity: {threshold.word}")
    serious = any(finding.severity.reaches(threshold) for finding in findings)
    passed = not refused(case(policy, gates(LINT, verdict)))
    assert not (passed and serious)
    assert not (passed and status is Status.NOT_EVALUATED)
