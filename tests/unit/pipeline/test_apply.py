"""Apply and drift: the bytes of a verified plan and nothing else, and an error for each way it ends."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import get_type_hints

import pytest
from slipway.config.project import Keeping
from slipway.errors import ApplyFailed, ApplyRefused, ConfigError, Drifted, StageFailed
from slipway.pipeline.apply import apply_plan, find_drift
from slipway.pipeline.verify import VerifiedRelease, verify_release
from slipway.steps.apply import BROKEN, REFUSED

from tests.support.fakes import FakeRunner, Reply, text_in

from .building import BACKEND, PLAN_FILES, client, plan_facts, policy, project, released, source
from .test_verify import DEV, DEVELOPER, RELEASE

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("client_in_memory")]

APPLIED = {
    "backend": "pg:1/slipway",
    "lineage": "l",
    "serial": 4,
    "plan": "sha256:abc",
    "output": "1 added",
}


async def verified_release() -> VerifiedRelease:
    """A release whose plan may be applied."""
    reader = client(await released(), {})
    return await verify_release(reader, RELEASE, policy(), DEV, {"developer": DEVELOPER})


def test_apply_takes_nothing_but_a_verified_release() -> None:
    assert get_type_hints(apply_plan)["release"] is VerifiedRelease


async def test_the_very_bytes_of_the_plan_are_applied_with_what_was_signed_of_it() -> None:
    whole = await verified_release()
    runner = FakeRunner({"apply": Reply(stdout=json.dumps(APPLIED))})
    text = await apply_plan(source(), BACKEND, whole, runner)
    stage = runner.stage("apply")
    assert text_in(stage, "/plan.encrypted") == PLAN_FILES["plan.tfplan.sealed"]
    facts = json.loads(text_in(stage, "/facts.json"))
    assert facts.items() >= json.loads(plan_facts()).items()
    assert stage.cache.key
    for words in (whole.artifacts["plan"].pinned, "serial 4 of l", "1 added"):
        assert words in text


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        (REFUSED, ApplyRefused, "the state has moved"),
        (BROKEN, ApplyFailed, "the state has moved"),
        (1, StageFailed, "the state has moved"),
    ],
)
async def test_each_way_it_ends_has_its_error(
    code: int, error: type[Exception], words: str
) -> None:
    runner = FakeRunner({"apply": Reply(exit_code=code, stderr="Error: the state has moved\n")})
    with pytest.raises(error, match=words):
        await apply_plan(source(), BACKEND, await verified_release(), runner)


async def test_without_a_state_nothing_is_applied() -> None:
    infrastructure = replace(project().infrastructure, state=Keeping.NONE)
    stateless = source(replace(project(), infrastructure=infrastructure))
    runner = FakeRunner({})
    with pytest.raises(ConfigError, match="state"):
        await apply_plan(stateless, BACKEND, await verified_release(), runner)
    assert runner.names == []


async def test_no_drift_is_said_in_one_line() -> None:
    runner = FakeRunner({"drift": Reply(stdout=json.dumps([[0, "", ""], [0, "", ""]]))})
    assert (await find_drift(source(), BACKEND, runner)).startswith(
        "no drift: terraform/stacks/local"
    )


@pytest.mark.parametrize(
    ("results", "error", "words"),
    [
        ([[0, "", ""], [2, "  ~ bucket\n", ""]], Drifted, "~ bucket"),
        ([[0, "", ""], [1, "", "Error: no database"]], ConfigError, "no database"),
        ([[1, "", "Error: no provider"], [1, "", "Error: not initialised"]], ConfigError, "no provider"),
    ],
)  # fmt: skip
async def test_drift_and_a_stack_that_does_not_plan_are_two_things(
    results: list[list[object]], error: type[Exception], words: str
) -> None:
    runner = FakeRunner({"drift": Reply(stdout=json.dumps(results))})
    with pytest.raises(error, match=words):
        await find_drift(source(), BACKEND, runner)
