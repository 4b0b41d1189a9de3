"""Attacks on a plan: changed, meant for something else, stale, expired, consumed, and its secrets."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio
import pytest
from dagger import dag
from slipway.attestations.statements import PLAN
from slipway.errors import ApplyRefused, Drifted
from slipway.iac.plan import Plan
from slipway.oci.digests import Digest, Reference
from slipway.pipeline.apply import apply_plan, find_drift
from slipway.publishing.publisher import Subject
from slipway.runtime.layout import blob_titled, digest_of
from slipway.runtime.stage import StageRunner
from slipway.runtime.tools import Tools
from slipway.steps.plan import ENCRYPTED

from ..support.forging import Forge
from ..support.planning import Stack, consumed, database, facts_of, holders
from ..support.project import Project
from ..support.releasing import registry_container, served

pytestmark = [pytest.mark.engine, pytest.mark.anyio, pytest.mark.usefixtures("connection")]
STACK = "terraform/stacks/local"
NOW = dt.datetime.now(dt.UTC)
SECRET = "hush-2718281828"
SECRETIVE = f"""
variable "token" {{
  type      = string
  sensitive = true
  default   = "{SECRET}"
}}
resource "terraform_data" "secret" {{
  input = {{ token = var.token }}
}}
output "token" {{
  value     = var.token
  sensitive = true
}}
"""


@pytest.fixture(scope="module")
async def stack(reference: Project, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """A stack whose state nobody has written yet."""
    project = reference.copy(tmp_path_factory.mktemp("stack") / "project")
    project.named(f"stack-{uuid.uuid4().hex[:10]}")
    return Stack(await project.source(), project, await database())


@pytest.fixture(scope="module")
async def planned(stack: Stack) -> Plan:
    """Its first plan."""
    return await stack.plan()


async def test_11_one_byte_of_the_plan_is_another(stack: Stack, planned: Plan) -> None:
    text = (
        "import sys, pathlib; p = pathlib.Path(sys.argv[1]); b = bytearray(p.read_bytes()); "
        "b[99] ^= 1; p.write_bytes(b)"
    )
    blob = await blob_titled(planned.layout, ENCRYPTED)
    name = await blob.name()
    path = f"/layout/blobs/sha256/{name}"
    layout = (
        Tools()
        .python()
        .with_directory("/layout", planned.layout)
        .with_exec(["python", "-c", text, path])
        .directory("/layout")
    )
    with pytest.raises(ApplyRefused, match="does not open"):
        await stack.apply(planned, layout=layout)
    other = await stack.refusal(planned, plan=Digest.of(b"another plan"))
    assert "not those that were signed" in other


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"workspace": "prod"}, "the workspace was prod and is default"),
        ({"stack": "terraform/stacks/prod"}, "the stack was terraform/stacks/prod"),
        ({"engine": "terraform"}, "the engine was terraform and is opentofu"),
        ({"version": "1.11.0"}, "the engine's version was 1.11.0"),
        ({"lock": Digest.of(b"other")}, "the provider lock was"),
        ({"tree": Digest.of(b"other")}, "the tree of the infrastructure was"),
        (
            {"created": NOW - dt.timedelta(days=9), "expires": NOW - dt.timedelta(days=2)},
            "it expired on",
        ),
    ],
    ids=["workspace", "stack", "engine", "version", "lock", "tree", "expired"],
)
async def test_11_a_plan_that_was_made_for_something_else(
    stack: Stack, planned: Plan, changes: dict[str, Any], why: str
) -> None:
    assert why in await stack.refusal(planned, **changes)


async def test_11_a_first_plan_against_another_empty_database(stack: Stack, planned: Plan) -> None:
    assert "another database" in await replace(stack, backend=await database()).refusal(planned)


async def test_11_applied_once_never_twice_and_never_late(stack: Stack, planned: Plan) -> None:
    outcomes: list[str] = []

    async def attempt() -> None:
        try:
            outcomes.append(await stack.apply(planned))
        except ApplyRefused as error:
            outcomes.append(str(error))

    # Two at once: of what is refused nothing is lost, and what is applied is applied once.
    async with anyio.create_task_group() as group:
        group.start_soon(attempt)
        group.start_soon(attempt)
    applied = [each for each in outcomes if each.startswith("applied")]
    refused = [each for each in outcomes if not each.startswith("applied")]
    assert len(applied) == 1
    assert "1 added" in applied[0]
    assert any(why in refused[0] for why in ("applied already", "the state has moved"))
    assert "the state has moved" in await stack.refusal(planned)
    assert "no drift" in await find_drift(stack.source, stack.backend, StageRunner())
    # That a plan is consumed stops it where nothing else would.
    idle = await stack.plan()
    assert "No changes" in await idle.files.file("plan.txt").contents()
    await consumed(stack, facts_of(idle).plan)
    assert "applied already" in await stack.refusal(idle)


async def released(forge: Forge, plan: Plan) -> str:
    """A release with a real plan; gives its reference."""
    digest = Digest.parse(await digest_of(plan.layout))
    forge.named = {"plan": Reference.parse(f"{forge.repository('plan')}@{digest}")}
    said = {name: json.dumps(each[0]) for name, each in forge.attestations("plan").items()}
    subject = Subject(
        kind="plan",
        layout=plan.layout,
        repository=forge.repository("plan"),
        attestations={**said, PLAN: plan.facts},
    )
    reference = await forge.publish()
    await forge.publisher().publish(subject)
    return reference


async def test_11_a_swap_after_the_look_changes_nothing(stack: Stack) -> None:
    own = replace(stack, backend=await database())
    plan = await own.plan()
    service = registry_container().with_env_variable("FRESH", uuid.uuid4().hex)
    registry = served(service.as_service(use_entrypoint=True))
    forge = Forge(registry=registry)
    reference = await released(forge, plan)
    tag = f"{forge.repository('release')}:v1"
    await forge.publisher().tag({tag: reference}, ())
    release = await forge.verified(tag)
    # Verified, and now: the tag is another release's, and then the whole registry is gone.
    evil = Forge(registry=registry, name=forge.name, release={"commit": "b" * 40})
    evil.parts_of(forge, "model", "image", "plan")
    await forge.publisher().tag({tag: await evil.publish()}, ())
    assert (await forge.verify(tag)).release == evil.reference("release").pinned
    assert registry.service is not None
    await registry.service.stop()
    told = await apply_plan(own.source, own.backend, release, StageRunner())
    assert f"@{await digest_of(plan.layout)}" in told
    assert str(facts_of(plan).plan) in told


SLOW = """
resource "terraform_data" "slow" {{
  input = "{name}"
  provisioner "local-exec" {{
    command = "sleep 4"
  }}
}}
"""


async def test_11_two_first_plans_at_once_are_not_both_applied(stack: Stack) -> None:
    # Neither the consumed plan nor the tool's lock would stop the second one: it is another plan, and of a first plan
    # the tool does not ask whether it is stale. The state would forget what the first one made.
    backend = await database()

    def own(name: str) -> Stack:
        text = SLOW.format(name=name)
        tree = stack.source.tree.with_new_file(f"{STACK}/slow.tf", text)
        return replace(stack, source=replace(stack.source, tree=tree), backend=backend)

    stacks = [own("one"), own("two")]
    made = [await each.plan() for each in stacks]
    outcomes: list[str] = []

    async def attempt(number: int) -> None:
        try:
            outcomes.append(await stacks[number].apply(made[number]))
        except ApplyRefused as error:
            outcomes.append(str(error))

    async with anyio.create_task_group() as group:
        for number in range(2):
            group.start_soon(attempt, number)
    applied, refused = sorted(outcomes)
    assert applied.startswith("applied")
    assert "the state has moved: no state yet was planned against" in refused


async def test_11_what_differs_is_drift(stack: Stack) -> None:
    own = replace(stack, backend=await database())
    await own.apply(await own.plan())
    tree = own.source.tree.with_new_file(
        f"{STACK}/more.tf", 'resource "terraform_data" "more" {\n  input = 1\n}\n'
    )
    with pytest.raises(Drifted) as caught:
        await find_drift(replace(own.source, tree=tree), own.backend, StageRunner())
    assert "terraform_data.more will be created" in str(caught.value)


async def test_12_a_plans_secrets_stay_inside(
    project: Project, fresh: Callable[[str], str]
) -> None:
    project.named(fresh("secret")).write(f"{STACK}/secret.tf", SECRETIVE).commit()
    own = Stack(await project.source(), project, await database())
    plan = await own.plan()
    everything = dag.directory().with_directory("layout", plan.layout)
    everything = everything.with_directory("files", plan.files).with_new_file("facts", plan.facts)
    assert await holders(everything, SECRET) == ""
    # The search finds it where it is: in the source.
    assert "secret.tf" in await holders(own.source.tree.directory("terraform"), SECRET)
    assert "(sensitive value)" in await plan.files.file("plan.json").contents()
    assert SECRET not in await own.apply(plan)
