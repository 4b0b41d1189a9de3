"""A saved infrastructure plan: what would be done is reviewed, and what was reviewed is what is applied."""

import json
from typing import Annotated

import dagger
from dagger import Doc, field, function, object_type

from .domain.config import Engine
from .domain.diagnostics import first_error
from .errors import ConfigError
from .git import Commit
from .layout import digest_of
from .source import Source
from .stage import Journal, Stage, expect_success

ROOT = "/infrastructure"
OUT = "/plan"
COMMANDS = {Engine.OPENTOFU: "tofu", Engine.TERRAFORM: "terraform"}


@object_type
class Plan:
    """A plan of one stack, saved: the very bytes that can be applied, and what they would do."""

    files: Annotated[
        dagger.Directory,
        Doc("plan.tfplan (the saved plan), plan.json, plan.txt, source.json"),
    ] = field()
    layout: Annotated[dagger.Directory, Doc("the plan as an OCI artifact")] = field()

    @function
    async def show(self) -> str:
        """What the plan would do, as the tool prints it."""
        return await self.files.file("plan.txt").contents()

    @function
    async def digest(self) -> str:
        """The digest of the plan's OCI artifact."""
        return await digest_of(self.layout)


def planning(source: Source, epoch: int) -> Stage:
    """The stage that plans: initialise, validate, plan, and take the time of day out of the result.

    Its inputs are the folder of the infrastructure and the commit's time.
    """
    infrastructure = source.project.infrastructure
    command = COMMANDS[infrastructure.engine]
    top = infrastructure.stack.partition("/")[0]
    stack = f"{ROOT}/{infrastructure.stack}"
    tree = source.tree.directory(top).filter(exclude=["**/.terraform", "**/*.tfstate*"])
    tool = [command, f"-chdir={stack}"]
    steps = [
        [*tool, "init", "-input=false", "-no-color"],
        [*tool, "validate", "-no-color"],
        [*tool, "plan", "-input=false", "-no-color", "-lock=false", "-out=/saved.tfplan"],
        [
            "python", "-m", "slipway.inside.plan", "--saved", "/saved.tfplan", "--tree", f"{ROOT}/{top}",
            "--stack", infrastructure.stack, "--epoch", str(epoch), "--output", OUT,
        ],
        [*tool, "show", "-json", f"{OUT}/plan.tfplan"],
        [*tool, "show", "-no-color", f"{OUT}/plan.tfplan"],
        [*tool, "version", "-json"],
    ]  # fmt: skip
    container = (
        source.tools.box(infrastructure.engine.value)
        .with_directory("/opt/slipway", source.tools.assembler().directory("/opt/slipway"))
        .with_directory(f"{ROOT}/{top}", tree)
        .with_env_variable("TF_IN_AUTOMATION", "1")
        .with_env_variable("CHECKPOINT_DISABLE", "1")
        .with_new_file("/commands.json", json.dumps(steps))
        .with_workdir(stack)
    )
    return Stage(
        name="plan",
        container=container,
        argv=("python", "-m", "slipway.inside.sequence", "--commands", "/commands.json"),
        accept=(0, 4),
    )


def packing(source: Source, files: dagger.Directory, commit: str) -> Stage:
    """The stage that writes the plan's OCI artifact."""
    return Stage(
        name="pack-plan",
        container=source.tools.assembler().with_directory(OUT, files),
        argv=(
            "python", "-m", "slipway.inside.assemble", "plan", "--files", OUT,
            "--commit", commit, "--output", "/layout",
        ),
        after=("plan",),
    )  # fmt: skip


async def plan(source: Source, journal: Journal, head: Commit) -> Plan:
    """Plan the declared stack; raises ConfigError where the stack is at fault."""
    stage = planning(source, head.epoch)
    outcome = await stage.run(journal)
    if outcome.exit_code:
        raise ConfigError(
            f"the stack does not plan: {first_error(outcome.stderr)}",
            where=source.project.infrastructure.stack,
            remedy=f"To look into it: {stage.ask}",
        )
    printed = json.loads(outcome.stdout)
    files = (
        outcome.directory(OUT)
        .with_new_file("plan.json", printed[4])
        .with_new_file("plan.txt", printed[5])
    )
    packed = await expect_success(packing(source, files, head.sha), journal)
    # object_type makes a dataclass of the class, which a type checker cannot see.
    return Plan(files=files, layout=packed.directory("/layout"))  # type: ignore[call-arg]
