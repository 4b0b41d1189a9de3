"""Plans of a stack with a state of its own, applied or refused, for tests with an engine."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Any

import dagger
import pytest
from slipway.artifacts.source import Source
from slipway.attestations.plan_facts import PlanFacts
from slipway.attestations.statements import PLAN
from slipway.errors import ApplyRefused
from slipway.formats.fields import Fields
from slipway.iac.plan import Plan, plan_stack, stack_container
from slipway.iac.state import StateBackend
from slipway.oci.digests import Digest
from slipway.pipeline import verify as verification
from slipway.pipeline.apply import apply_plan
from slipway.pipeline.verify import VerifiedArtifact, VerifiedRelease
from slipway.policy.case import Evidence
from slipway.runtime.images import POSTGRES
from slipway.runtime.stage import StageRunner
from slipway.runtime.tools import Tools

from .cases import reference as place
from .cases import statement
from .project import Project


async def database() -> StateBackend:
    """A database that nobody had before, and that stays between two steps: an engine stops what nobody uses."""
    service = (
        Tools()
        .image(POSTGRES)
        .with_env_variable("POSTGRES_USER", "slipway")
        .with_env_variable("POSTGRES_DB", "slipway")
        .with_env_variable("POSTGRES_HOST_AUTH_METHOD", "trust")
        .with_env_variable("FRESH", uuid.uuid4().hex)
        .with_exposed_port(5432)
        .as_service(use_entrypoint=True)
    )
    return StateBackend(service=await service.start())


@dataclass(frozen=True)
class Stack:
    """A project's stack, and the database of its state."""

    source: Source
    project: Project
    backend: StateBackend

    async def plan(self) -> Plan:
        """The plan of this moment."""
        head = await self.project.history().head()
        return await plan_stack(self.source, StageRunner(), head, self.backend)

    async def apply(self, made: Plan, **changes: Any) -> str:
        """Apply a plan, with other facts than were signed of it where that is the attack."""
        return await apply_plan(self.source, self.backend, signed(made, **changes), StageRunner())

    async def refusal(self, made: Plan, **changes: Any) -> str:
        """Why it may not be applied."""
        with pytest.raises(ApplyRefused) as caught:
            await self.apply(made, **changes)
        return str(caught.value)


def facts_of(plan: Plan) -> PlanFacts:
    """What is signed of a plan."""
    return PlanFacts.of(Fields.parse(plan.facts, where="test"))


def signed(made: Plan, layout: dagger.Directory | None = None, **changes: Any) -> VerifiedRelease:
    """A verified release whose signer stands behind a plan with other facts, or other content, than were made.

    Whoever holds the key can sign that. Only verification makes such a value, so its token is borrowed here.
    """
    facts = facts_of(made)
    making = {name: changes.pop(name) for name in tuple(changes) if hasattr(facts.making, name)}
    told = replace(facts, making=replace(facts.making, **making), **changes)
    where = place("plan")
    assert where.digest is not None
    said = statement(PLAN, Fields.parse(told.predicate(), where="").values, where.digest)
    plan = VerifiedArtifact(
        kind="plan",
        evidence=Evidence(reference=where, signed=True, statements={PLAN: (said,)}),
        layout=made.layout if layout is None else layout,
        stage="verify-plan",
        verified=verification._VERIFIED,
    )
    nothing: Any = None
    return VerifiedRelease(
        release=nothing,
        environment=nothing,
        verification=nothing,
        artifacts={"plan": plan},
        verified=verification._VERIFIED,
    )


async def consumed(stack: Stack, plan: Digest) -> None:
    """Note a plan as consumed, as an apply does first of all."""
    code = (
        "import sys; from slipway.steps.state import connected, consume\n"
        "with connected() as connection: consume(connection, sys.argv[1])"
    )
    box = stack_container(stack.source, stack.backend)
    await box.with_exec(["python", "-c", code, str(plan)]).sync()


async def holders(folder: dagger.Directory, text: str) -> str:
    """The files that hold a text, also inside zips."""
    look = (
        "import sys, pathlib, zipfile\n"
        "def held(p):\n"
        "    yield p.read_bytes()\n"
        "    if zipfile.is_zipfile(p):\n"
        "        archive = zipfile.ZipFile(p)\n"
        "        yield from map(archive.read, archive.namelist())\n"
        "for p in sorted(pathlib.Path('/in').rglob('*')):\n"
        "    if p.is_file() and any(sys.argv[1].encode() in each for each in held(p)): print(p)\n"
    )
    box = Tools().python().with_directory("/in", folder)
    return await box.with_exec(["python", "-c", look, text]).stdout()
