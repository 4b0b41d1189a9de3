"""A stack that plans, and stacks that do not."""

from __future__ import annotations

import json

import pytest
from slipway.artifacts.source import Source, open_source
from slipway.errors import ConfigError
from slipway.iac import engine_names
from slipway.iac.plan import plan_stack
from slipway.runtime.layout import digest_of
from slipway.runtime.stage import StageRunner

from ..support.project import Project, assert_told, last_error

pytestmark = [pytest.mark.engine, pytest.mark.anyio]
STACK = "terraform/stacks/local"
BAD = {
    "syntax error": ('resource "terraform_data" "x" {\n', ("bad.tf",)),
    "unknown resource": ('output "x" {\n  value = terraform_data.none.id\n}\n', ("bad.tf", "none")),
    "missing module": ('module "x" {\n  source = "../../modules/none"\n}\n', ("none",)),
    "unknown argument": (
        'resource "terraform_data" "x" {\n  inputt = 1\n}\n', ("bad.tf", "inputt"),
    ),
    "a variable without a value": ('variable "region" {\n  type = string\n}\n', ("region",)),
}  # fmt: skip


async def test_the_plan_is_saved_with_what_it_came_from(source: Source, reference: Project) -> None:
    head = await reference.history().head()
    plan = await plan_stack(source, StageRunner(), head)
    assert "Plan:" in await plan.files.file("plan.txt").contents()
    facts = json.loads(await plan.files.file("source.json").contents())
    assert facts["stack"] == STACK
    assert facts["tree"].startswith("sha256:")
    changes = json.loads(await plan.files.file("plan.json").contents())["resource_changes"]
    assert changes
    assert (await digest_of(plan.layout)).startswith("sha256:")


@pytest.mark.parametrize(("text", "words"), BAD.values(), ids=BAD)
async def test_a_stack_that_does_not_plan_is_named_with_its_first_error(
    source: Source, reference: Project, text: str, words: tuple[str, ...]
) -> None:
    bad = await open_source(
        source.tree.with_new_file(f"{STACK}/bad.tf", text), source.tools, engine_names()
    )
    with pytest.raises(ConfigError) as caught:
        await plan_stack(bad, StageRunner(), await reference.history().head())
    assert_told(str(caught.value), STACK, "--stage plan terminal", *words, sentences=3)


async def test_a_stack_that_is_not_there_is_named(source: Source, reference: Project) -> None:
    tree = source.tree.without_directory(STACK)
    bad = await open_source(tree, source.tools, engine_names())
    with pytest.raises(ConfigError) as caught:
        await plan_stack(bad, StageRunner(), await reference.history().head())
    assert_told(str(caught.value), STACK)


def test_dagger_call_plan_of_a_bad_stack_exits_with_an_error(project: Project) -> None:
    project.write(f"{STACK}/bad.tf", BAD["syntax error"][0]).commit()
    done = project.call("plan", "show")
    assert_told(last_error(done), STACK, "bad.tf")
    assert done.stdout == ""
