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
from slipway.oci.digests import Digest, Reference
from slipway.pipeline.apply import apply_plan
from slipway.pipeline.verify import VerifiedRelease, verify_release
from slipway.policy.document import parse
from slipway.publishing.client import PulledArtifact, RegistryClient
from slipway.registries.embedded import EmbeddedRegistry
from slipway.runtime.images import POSTGRES
from slipway.runtime.stage import StageRunner
from slipway.runtime.tools import Tools
from slipway.signers.verifier import Verifier

from .cases import case, evidence, statement
from .cases import reference as place
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
        release = await signed(made, **changes)
        return await apply_plan(self.source, self.backend, release, StageRunner())

    async def refusal(self, made: Plan, **changes: Any) -> str:
        """Why it may not be applied."""
        with pytest.raises(ApplyRefused) as caught:
            await self.apply(made, **changes)
        return str(caught.value)


def facts_of(plan: Plan) -> PlanFacts:
    """What is signed of a plan."""
    return PlanFacts.of(Fields.parse(plan.facts, where="test"))


@dataclass(frozen=True, kw_only=True)
class SignedPlan(RegistryClient):
    """Reads a release of which everything is signed, with a plan of its own: layout and statement."""

    layout: dagger.Directory
    predicate: str

    async def read_release(self, reference: str) -> tuple[Reference, str]:
        """The release names the honest artifacts."""
        return Reference.parse(reference), case().release.payload().decode()

    async def pull(self, kind: str, pinned: str, verifier: Verifier, **_: Any) -> PulledArtifact:
        """The evidence of the kind, and whose plan it is."""
        del pinned, verifier
        changes: dict[str, Any] = {}
        if kind == "plan":
            where = place(kind)
            assert where.digest is not None
            content = Fields.parse(self.predicate, where=kind).values
            honest = evidence(kind).statements
            changes["statements"] = {**honest, PLAN: (statement(PLAN, content, where.digest),)}
        return PulledArtifact(
            kind=kind,
            evidence=evidence(kind, **changes),
            layout=self.layout,
            stage=f"verify-{kind}",
        )


POLICY = """
version: 1
signers:
  - {name: developer, key: embedded, builders: ["tag:slipway,2026:builder/local"]}
environments:
  - {name: dev, signers: [developer], gates: [{gate: lint}]}
"""


async def signed(
    made: Plan, layout: dagger.Directory | None = None, **changes: Any
) -> VerifiedRelease:
    """A verified release whose signer stands behind a plan with other facts, or other content, than were made.

    Whoever holds the key can sign that, so it passes verification; what is read comes from no registry, so that each
    such plan costs no publishing.
    """
    facts = facts_of(made)
    making = {name: changes.pop(name) for name in tuple(changes) if hasattr(facts.making, name)}
    told = replace(facts, making=replace(facts.making, **making), **changes)
    client = SignedPlan(
        tools=Tools(),
        registry=EmbeddedRegistry(),
        runner=StageRunner(),
        layout=made.layout if layout is None else layout,
        predicate=told.predicate(),
    )
    policy = parse(POLICY)
    verifiers = {"developer": Verifier(pem="of the developer")}
    return await verify_release(
        client, place("release").pinned, policy, policy.environment("dev"), verifiers
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
