"""A release with all its evidence, as a policy's rules are asked about it."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from slipway.attestations.plan_facts import Making, PlanFacts, State
from slipway.attestations.provenance import PARAMETERS, Build, BuildType, Dependency, predicate
from slipway.attestations.release import Release
from slipway.attestations.statements import (
    PLAN,
    PROVENANCE,
    SBOM,
    VERDICTS,
    Judgement,
    Statement,
)
from slipway.attestations.statements import parse as parse_statement
from slipway.oci.digests import Digest, Reference
from slipway.policy.case import ARTIFACT_TYPES, ATTESTED, Case, Evidence
from slipway.policy.document import parse
from slipway.verdicts.verdict import Status, Verdict

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
COMMIT = "a" * 40
BUILDER = "tag:slipway,2026:builder/local"
POLICY = """
version: 1
signers:
  - {name: developer, key: embedded, builders: ["tag:slipway,2026:builder/local"]}
environments:
  - name: dev
    signers: [developer]
    gates:
      - gate: lint
      - {gate: scan, severity: high, max-age-days: 7, max-data-age-days: 3}
"""
KINDS = ("model", "image", "plan", "release")
LINT = Verdict(gate="lint", status=Status.PASSED, summary="no findings", subject=COMMIT, time=NOW)
SCAN = Verdict(
    gate="scan", status=Status.PASSED, summary="clean", time=NOW, data_date=NOW.date(),
    subject=str(Digest.of(b"image")),
)  # fmt: skip


def reference(kind: str) -> Reference:
    """Where an artifact is."""
    return Reference.parse(f"localhost:5050/x/{kind}@{Digest.of(kind.encode())}")


def statement(predicate_type: str, content: object, subject: Digest) -> Statement:
    """A statement that somebody signed."""
    return parse_statement(raw(predicate_type, content, subject), where="test")


def raw(predicate_type: str, content: object, subject: Digest) -> bytes:
    """The bytes of one."""
    said = {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": predicate_type,
        "subject": [{"name": "x", "digest": {"sha256": subject.hex}}],
        "predicate": content,
    }
    return json.dumps(said).encode()


def envelope(content: bytes) -> str:
    """A line that cosign prints."""
    return json.dumps({"payload": base64.b64encode(content).decode(), "payloadType": "x"})


def built(kind: str, **changes: Any) -> Any:
    """The predicate of a provenance."""
    build_type = BuildType[kind.upper()]
    said: dict[str, Any] = {
        "build_type": build_type,
        "parameters": dict.fromkeys(PARAMETERS[build_type], "x"),
        "dependencies": [Dependency.of_commit("git+file:.", COMMIT)],
        "builder_id": BUILDER,
        "started": NOW,
        "finished": NOW,
    }
    return json.loads(predicate(Build(**(said | changes))))


def judged(*verdicts: Verdict, commit: str = COMMIT, at: dt.datetime = NOW) -> Any:
    """The predicate of verdicts."""
    return json.loads(Judgement(commit=commit, at=at, verdicts=verdicts).predicate())


FACTS = PlanFacts(
    making=Making(
        stack="terraform/stacks/local",
        engine="opentofu",
        version="1.12.6",
        workspace="default",
        tree=Digest.of(b"tree"),
        lock=Digest.of(b""),
    ),
    plan=Digest.of(b"plan in clear"),
    key="0123456789abcdef",
    state=State(backend="pg:1/slipway/terraform_remote_state/default"),
    created=NOW,
    expires=NOW + dt.timedelta(days=7),
)


def planned(facts: PlanFacts = FACTS) -> Any:
    """The predicate of a plan."""
    return json.loads(facts.predicate())


def bom(kind: str) -> dict[str, Any]:
    """The least bill of materials."""
    component = {"type": "machine-learning-model" if kind == "model" else "container"}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"component": component},
        "components": [{"name": "x"}],
    }


def contents(kind: str) -> dict[str, Any]:
    """The predicates of everything that an artifact of a kind has to have."""
    said = {VERDICTS: judged(LINT, SCAN), SBOM: bom(kind)}
    if kind != "release":
        said[PROVENANCE] = built(kind)
    said[PLAN] = planned()
    return {name: said[name] for name in ATTESTED[kind]}


def evidence(kind: str, **changes: Any) -> Evidence:
    """All that is asked of an artifact, unless changed."""
    where = reference(kind)
    assert where.digest is not None
    said: dict[str, Any] = {
        "reference": where,
        "artifact_type": ARTIFACT_TYPES[kind],
        "signed": True,
        "statements": {
            name: (statement(name, content, where.digest),)
            for name, content in contents(kind).items()
        },
    }
    return Evidence(**(said | changes))


# Hundreds of cases have the same policy, and reading YAML takes longest of all.
_parsed = cache(parse)


def case(
    policy: str = POLICY,
    changed: Mapping[str, Evidence | None] | None = None,
    *,
    now: dt.datetime = NOW,
    **release: Any,
) -> Case:
    """A release before the policy's environment dev."""
    stated = _parsed(policy)
    found = {kind: evidence(kind) for kind in KINDS} | dict(changed or {})
    value = Release(
        commit=COMMIT,
        model=reference("model"),
        image=reference("image"),
        plan=reference("plan"),
        **({"dirty": False} | release),
    )
    return Case(
        policy=stated,
        environment=stated.environment("dev"),
        signer=stated.signers[0],
        release=value,
        evidence={kind: each for kind, each in found.items() if each is not None},
        now=now,
    )
