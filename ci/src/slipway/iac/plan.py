"""A saved infrastructure plan: what would be done is reviewed, and what was reviewed is what is applied."""

import datetime as dt
import json
from typing import Annotated

import dagger
from dagger import Doc, field, function, object_type

from ..artifacts.git import Commit
from ..artifacts.source import Source
from ..attestations.plan_facts import State, facts_of
from ..errors import ConfigError, DataError
from ..formats.diagnostics import first_error
from ..formats.fields import Fields
from ..runtime.layout import digest_of
from ..runtime.stage import Input, Stage, StageRunner, by_key, never
from ..runtime.tools import LIBRARY, STEPS
from . import engine_named
from .state import StateBackend, schema_of

ROOT = "/infrastructure"
OUT = "/plan"
STATE = "state"
PLAN = "plan"
PACK = "pack-plan"
CLEAR = (
    "/run/clear"  # in memory, and gone with the step: a saved plan holds every value in clear text
)


@object_type
class Plan:
    """A plan of one stack, saved: the very bytes that can be applied, and what they would do."""

    files: Annotated[
        dagger.Directory,
        Doc("plan.tfplan.sealed (the saved plan, encrypted), plan.json, plan.txt, source.json"),
    ] = field()
    layout: Annotated[dagger.Directory, Doc("the plan as an OCI artifact")] = field()
    facts: Annotated[str, Doc("what is signed of it: how it was made, and against which state")] = (
        field()
    )

    @function
    async def show(self) -> str:
        """What the plan would do, as the tool prints it: sensitive values are left out."""
        return await self.files.file("plan.txt").contents()

    @function
    async def digest(self) -> str:
        """The digest of the plan's OCI artifact."""
        return await digest_of(self.layout)


def stack_container(source: Source, backend: StateBackend) -> dagger.Container:
    """The container in which the stack is planned, applied and compared: the tool, the tree, the state in reach."""
    infrastructure = source.project.infrastructure
    engine = engine_named(infrastructure.engine)
    top = infrastructure.stack.partition("/")[0]
    stack = f"{ROOT}/{infrastructure.stack}"
    tree = source.tree.directory(top).filter(exclude=["**/.terraform", "**/*.tfstate*"])
    container = (
        source.tools.tool_container(engine.image, locked="infrastructure")
        .with_directory(LIBRARY, source.tools.library(*STEPS))
        .with_directory(f"{ROOT}/{top}", tree)
        .with_env_variable("TF_IN_AUTOMATION", "1")
        .with_env_variable("CHECKPOINT_DISABLE", "1")
        .with_workdir(stack)
    )
    if backend.is_configured(infrastructure):
        container = backend.backed(
            backend.connected(container, source.tools), stack, source.project
        )
    return container


def state_stage(source: Source, backend: StateBackend) -> Stage:
    """The stage that asks where the state stands; never answered from the cache."""
    container = source.tools.tool_container(locked="infrastructure").with_directory(
        LIBRARY, source.tools.library(*STEPS)
    )
    return Stage(
        name=STATE,
        container=backend.connected(container, source.tools),
        cache=never(),
        argv=("python", "-m", "slipway.steps.state", "--schema", schema_of(source.project)),
        accept=(0, 1),
    )


def plan_stage(source: Source, epoch: int, backend: StateBackend, state: State) -> Stage:
    """The stage that plans: initialise, validate, plan, take the time of day out of the result, and encrypt it.

    Its inputs are the folder of the infrastructure, the commit's time, and where the state stands.
    """
    infrastructure = source.project.infrastructure
    engine = engine_named(infrastructure.engine)
    top = infrastructure.stack.partition("/")[0]
    tool = [engine.command, f"-chdir={ROOT}/{infrastructure.stack}"]
    steps = [
        [*tool, "init", "-input=false", "-no-color"],
        [*tool, "validate", "-no-color"],
        [*tool, "plan", "-input=false", "-no-color", "-lock=false", f"-out={CLEAR}/saved.tfplan"],
        [
            "python", "-m", "slipway.steps.plan", "--saved", f"{CLEAR}/saved.tfplan",
            "--tree", f"{ROOT}/{top}", "--stack", infrastructure.stack,
            "--engine", engine.name, "--tool", engine.command,
            "--epoch", str(epoch), *backend.key_options, "--output", OUT,
        ],
    ]  # fmt: skip
    container = (
        backend.with_plan_key(stack_container(source, backend))
        .with_mounted_temp(CLEAR)
        .with_new_file("/commands.json", json.dumps(steps))
    )
    return Stage(
        name=PLAN,
        container=container,
        cache=by_key(json.dumps(state.to_dict())),
        argv=("python", "-m", "slipway.steps.sequence", "--commands", "/commands.json"),
        accept=(0, 4),
        gated_by=(STATE,) if backend.is_configured(infrastructure) else (),
    )


def pack_stage(source: Source, files: dagger.Directory, commit: str) -> Stage:
    """The stage that writes the plan's OCI artifact."""
    return Stage(
        name=PACK,
        container=source.tools.assembler(),
        inputs=(Input(path=OUT, content=files, made_by=(PLAN,)),),
        argv=(
            "python", "-m", "slipway.steps.assemble", "plan", "--files", OUT,
            "--commit", commit, "--output", "/layout",
        ),
    )  # fmt: skip


async def state_of(source: Source, runner: StageRunner, backend: StateBackend) -> State:
    """Where the state stands now; raises DataError where its database does not answer."""
    if not backend.is_configured(source.project.infrastructure):
        return State(backend="none")
    outcome = await runner.run(state_stage(source, backend))
    if outcome.exit_code:
        raise DataError(
            outcome.stderr.strip(), remedy="`--state-backend env://NAME` names another database"
        )
    return State.of(Fields.parse(outcome.stdout, where="the state"))


async def plan_stack(
    source: Source, runner: StageRunner, head: Commit, backend: StateBackend | None = None
) -> Plan:
    """Plan the declared stack; raises ConfigError where the stack is at fault."""
    backend = backend or StateBackend()
    stack = source.project.infrastructure.stack
    if not await source.tree.exists(stack):
        raise ConfigError(
            "the stack is not there", where=stack, remedy="`infrastructure.stack` names its folder"
        )
    state = await state_of(source, runner, backend)
    stage = plan_stage(source, head.epoch, backend, state)
    outcome = await runner.run(stage)
    if outcome.exit_code:
        raise ConfigError(
            f"the stack does not plan: {first_error(outcome.stderr)}",
            where=stack,
            remedy=f"To look into it: {stage.debug_command}",
        )
    printed: list[str] = json.loads(outcome.stdout)
    facts = facts_of(printed[3], state=state, created=dt.datetime.now(dt.UTC))
    files = outcome.directory(OUT)
    packed = await runner.run_to_success(pack_stage(source, files, head.sha))
    # object_type makes a dataclass of the class, which a type checker cannot see.
    return Plan(  # type: ignore[call-arg]
        files=files, layout=packed.directory("/layout"), facts=facts.predicate()
    )
