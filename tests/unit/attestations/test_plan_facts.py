"""What is signed of a plan, and why it may not be applied."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest
from slipway.attestations.plan_facts import PlanFacts, State, facts_of, newest
from slipway.attestations.statements import PLAN
from slipway.errors import DataError
from slipway.formats.fields import Fields
from slipway.oci.digests import Digest
from slipway.policy.rules import evaluate

from ...support.cases import FACTS, NOW, case, evidence, planned, statement

SUBJECT = Digest.of(b"plan")
MADE = FACTS.making
THERE = replace(FACTS.state, lineage="l", serial=3)
DAY = dt.timedelta(days=1)


def test_facts_are_written_and_read() -> None:
    assert PlanFacts.of(Fields.parse(FACTS.predicate(), where="x")) == FACTS
    printed = {
        key: text
        for key, text in planned().items()
        if key not in ("backend", "lineage", "serial", "created", "expires")
    }
    assert facts_of(json.dumps(printed), state=FACTS.state, created=NOW) == FACTS


@pytest.mark.parametrize(
    "changes",
    [
        {"more": 1},
        {"serial": "1"},
        {"expires": "2027-11-24T12:00:00Z"},
        {"expires": "2026-11-24T12:00:00Z"},
        {"tree": "x"},
    ],
)
def test_facts_are_read_strictly(changes: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        PlanFacts.of(Fields(values=planned() | changes, path="", where="x"))


@pytest.mark.parametrize(
    ("making", "state", "now", "why"),
    [
        (MADE, FACTS.state, NOW, None),
        (MADE, FACTS.state, FACTS.expires, "it expired on 2026-12-01T12:00:00Z"),
        (MADE, FACTS.state, NOW - DAY, "it was made in the future"),
        (replace(MADE, stack="other"), FACTS.state, NOW, "the stack was"),
        (replace(MADE, engine="terraform"), FACTS.state, NOW, "the engine was"),
        (replace(MADE, version="2"), FACTS.state, NOW, "the engine's version was"),
        (replace(MADE, workspace="prod"), FACTS.state, NOW, "the workspace was"),
        (replace(MADE, tree=SUBJECT), FACTS.state, NOW, "the tree of the infrastructure was"),
        (replace(MADE, lock=SUBJECT), FACTS.state, NOW, "the provider lock was"),
        (MADE, State(backend="pg:2"), NOW, "made against another database, pg:1"),
        (MADE, THERE, NOW, "the state has moved: no state yet was planned against, now it is serial 3"),
    ],
)  # fmt: skip
def test_a_plan_is_for_one_making_one_state_and_some_days(
    making: Any, state: State, now: dt.datetime, why: str | None
) -> None:
    refusals = FACTS.refusals(making, state, now)
    if why is None:
        assert refusals == ()
    else:
        (told,) = refusals
        assert why in told


def test_several_statements_of_one_plan_have_to_agree() -> None:
    later = replace(FACTS, created=NOW + dt.timedelta(hours=1))
    said = [statement(PLAN, planned(each), SUBJECT) for each in (later, FACTS)]
    assert newest(said) == later
    with pytest.raises(DataError):
        newest([])
    found = evidence("plan")
    digest = found.reference.digest
    assert digest is not None
    both = [replace(each, subject=digest) for each in said]
    other = statement(PLAN, planned(replace(FACTS, state=THERE)), digest)
    agreed = replace(found, statements={**found.statements, PLAN: tuple(both)})
    assert evaluate(case(changed={"plan": agreed})).ok
    torn = replace(found, statements={**found.statements, PLAN: (*both, other)})
    refused = [
        check.result for check in evaluate(case(changed={"plan": torn})).checks if not check.ok
    ]
    assert refused == ["two statements tell of different plans"]
