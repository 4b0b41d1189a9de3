"""An environment: what a verified release changes there, and whether it still is what its state says."""

import json
from typing import Final

import dagger
from dagger import dag

from ..artifacts.source import Source
from ..attestations.plan_facts import State, newest
from ..attestations.statements import PLAN
from ..errors import ApplyFailed, ApplyRefused, ConfigError, Drifted
from ..formats.diagnostics import first_error
from ..formats.fields import Fields
from ..iac import engine_named
from ..iac.plan import ROOT, stack_container
from ..iac.state import StateBackend, schema_of
from ..publishing.client import results_of
from ..runtime.layout import blob_titled
from ..runtime.stage import Stage, StageRunner, never
from ..steps.apply import BROKEN, REFUSED, WAIT
from ..steps.plan import ENCRYPTED
from .verify import VerifiedRelease

# What the embedded stack makes are files: they stay from one apply to the next.
VOLUME: Final = "slipway-environments"


def _lasting(source: Source, backend: StateBackend) -> dagger.Container:
    """The container of the stack, where this moment's answer is nobody else's and what the stack makes stays."""
    infrastructure = source.project.infrastructure
    if not backend.is_configured(infrastructure):
        raise ConfigError(
            "no state backend is configured for this project's infrastructure",
            where="slipway.yaml",
            remedy="Write `infrastructure.state: embedded`, or pass --state-backend env://NAME",
        )
    return stack_container(source, backend).with_mounted_cache(
        f"{ROOT}/{infrastructure.stack}/.slipway", dag.cache_volume(VOLUME)
    )


async def apply_plan(
    source: Source, backend: StateBackend, release: VerifiedRelease, runner: StageRunner
) -> str:
    """Apply the plan of a verified release; those bytes, and nothing planned anew.

    Raises ApplyRefused where it may not be applied here and now, ApplyFailed where the tool broke off.
    """
    infrastructure = source.project.infrastructure
    engine = engine_named(infrastructure.engine)
    plan = release.artifacts["plan"]
    facts = newest(plan.evidence.statements[PLAN])
    top = infrastructure.stack.partition("/")[0]
    container = (
        backend.with_plan_key(_lasting(source, backend))
        .with_mounted_temp("/run/private")
        .with_mounted_file("/plan.encrypted", await blob_titled(plan.layout, ENCRYPTED))
        .with_new_file("/facts.json", facts.predicate())
    )
    stage = Stage(
        name="apply",
        container=container,
        argv=(
            "python", "-m", "slipway.steps.apply", "--encrypted", "/plan.encrypted", "--facts", "/facts.json",
            "--tree", f"{ROOT}/{top}", "--stack", infrastructure.stack, "--schema", schema_of(source.project),
            "--engine", engine.name, "--tool", engine.command,
            "--private", "/run/private/plan", *backend.key_options,
        ),
        cache=never(),
        accept=(0, REFUSED, BROKEN),
    )  # fmt: skip
    outcome = await runner.run(stage)
    where = plan.pinned
    if outcome.exit_code == REFUSED:
        raise ApplyRefused(
            "the plan may not be applied: " + "; ".join(outcome.stderr.strip().splitlines()),
            where=where,
            remedy="Nothing was applied; release again to plan against the state as it is",
        )
    if outcome.exit_code == BROKEN:
        raise ApplyFailed(
            f"applying broke off: {first_error(outcome.stderr)}",
            where=where,
            remedy="See what there is with `dagger call drift`, mend it, and release again",
        )
    return _summary(outcome.stdout, where)


def _summary(printed: str, where: str) -> str:
    done = Fields.parse(printed, where="apply")
    state = State(
        backend=done.text("backend"), lineage=done.text("lineage"), serial=done.whole("serial")
    )
    return f"applied  {where}\nconsumed {done.text('plan')}\nstate    {state.summary}\n\n{done.text('output').strip()}"


async def find_drift(source: Source, backend: StateBackend, runner: StageRunner) -> str:
    """Compare the infrastructure and its state with the stack; raises Drifted with what differs."""
    infrastructure = source.project.infrastructure
    tool = [
        engine_named(infrastructure.engine).command,
        f"-chdir={ROOT}/{infrastructure.stack}",
    ]
    steps = [
        [*tool, "init", "-input=false", "-no-color"],
        [
            *tool, "plan", "-input=false", "-no-color", "-detailed-exitcode",
            f"-lock-timeout={WAIT}",
        ],
    ]  # fmt: skip
    stage = Stage(
        name="drift",
        container=_lasting(source, backend).with_new_file("/commands.json", json.dumps(steps)),
        argv=(
            "python", "-m", "slipway.steps.sequence", "--commands", "/commands.json", "--each",
        ),
        cache=never(),
    )  # fmt: skip
    outcome = await runner.run(stage)
    initialised, planned = results_of(outcome)
    if initialised.code or planned.code not in (0, 2):
        failed = initialised if initialised.code else planned
        raise ConfigError(
            f"the stack does not plan: {first_error(failed.stderr)}",
            where=infrastructure.stack,
        )
    if planned.code == 2:
        raise Drifted(f"the infrastructure is not what the stack says:\n{planned.stdout.strip()}")
    return f"no drift: {infrastructure.stack} is what its state and its files say"
