"""Make a release again from what it records of itself, and say where the two differ.

The commit and the tool images come from the signed provenance; nothing is answered from the engine's cache.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import dagger

from ..artifacts.git import History
from ..artifacts.image import Image, build_image
from ..artifacts.model import train_model
from ..artifacts.source import open_source
from ..attestations.provenance import Recorded, newest
from ..attestations.statements import PROVENANCE
from ..errors import DirtyTree, NotReproduced
from ..iac import engine_names
from ..iac.plan import plan_stack
from ..iac.state import StateBackend
from ..publishing.client import RegistryClient
from ..runtime.concurrency import concurrently
from ..runtime.images import ToolImage
from ..runtime.layout import digest_of
from ..runtime.stage import Input, Stage
from ..runtime.tools import Tools, fingerprint
from ..signers.verifier import Verifier
from .verify import VerifiedArtifact, first_verifier, read_release, verify_artifact

KINDS: Final = ("model", "image", "plan")
DIFFERENT: Final = 5  # what inside.compare says where two artifacts are not one


@dataclass(frozen=True, kw_only=True)
class ReproduceJob:
    """Where a release is read from, and what it is made again with."""

    client: RegistryClient
    history: History
    backend: StateBackend = field(default_factory=StateBackend)


@dataclass(frozen=True, kw_only=True)
class RecordedRelease:
    """A release as it verified: its commit, and each artifact's layout and provenance, by kind."""

    commit: str
    artifacts: Mapping[str, VerifiedArtifact]
    provenance: Mapping[str, Recorded]

    @property
    def images(self) -> Mapping[str, str]:
        """The tool images that it was made with, by name."""
        return {
            name: image for each in self.provenance.values() for name, image in each.images.items()
        }


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One artifact made again: its digest now and then, and what differs, a line each."""

    kind: str
    rebuilt: str
    recorded: str
    differences: tuple[str, ...]


async def reproduce_release(
    job: ReproduceJob, reference: str, verifiers: Sequence[Verifier]
) -> str:
    """Verify, check the recorded commit out, rebuild, compare; returns what is the same, a line each.

    One of `verifiers` has to accept all of it. Raises NotReproduced with each file that differs, VerificationError
    for a release that does not verify, DirtyTree for one that was made of more than its commit, ConfigError where the
    commit is not at hand.
    """
    recorded = await _recorded(job, reference, verifiers)
    rebuilt = await _rebuild(job, recorded)
    compared = await concurrently(*(_compare(job, kind, recorded, rebuilt[kind]) for kind in KINDS))
    same = [f"{each.kind}: the same, {each.rebuilt}" for each in compared if not each.differences]
    notes = _notes(recorded)
    differing = {
        each.kind: [f"{each.rebuilt} rebuilt, {each.recorded} recorded", *each.differences]
        for each in compared
        if each.differences
    }
    if differing:
        raise NotReproduced(recorded.commit, differing=differing, notes=[*same, *notes])
    head = f"release of commit {recorded.commit}: rebuilt from its recorded inputs, bit for bit"
    return "\n".join([head, *same, *notes])


async def _recorded(
    job: ReproduceJob, reference: str, verifiers: Sequence[Verifier]
) -> RecordedRelease:
    """What the release names, with its provenance, all of it verified."""
    release, pinned = await read_release(job.client, reference)
    verifier = await first_verifier(job.client, "release", pinned["release"], verifiers)
    if release.dirty:
        raise DirtyTree(
            "this release was made of a tree that differs from its commit: it cannot be made again",
            where=reference,
            remedy="Release a clean tree",
        )
    artifacts = await concurrently(
        *(
            verify_artifact(job.client, kind, pinned[kind], verifier, types=(PROVENANCE,))
            for kind in KINDS
        )
    )
    return RecordedRelease(
        commit=release.commit,
        artifacts=dict(zip(KINDS, artifacts, strict=True)),
        provenance={each.kind: _provenance(each, release.commit) for each in artifacts},
    )


def _provenance(artifact: VerifiedArtifact, commit: str) -> Recorded:
    return newest(
        [each.content for each in artifact.evidence.statements[PROVENANCE]],
        commit=commit,
        where=f"provenance of the {artifact.kind}",
    )


async def _rebuild(job: ReproduceJob, recorded: RecordedRelease) -> Mapping[str, dagger.Directory]:
    """The layouts of model, image and plan of the commit, with the recorded tool images, past the cache."""
    tree, history = await job.history.at(recorded.commit)
    tools = replace(job.client.tools, lock=recorded.images, fresh=uuid.uuid4().hex)
    await _refuse_missing(tools, recorded.images)
    source = await open_source(tree, tools, engine_names())
    head = await history.head()
    runner = job.client.runner

    async def image() -> Image:
        model = await train_model(source, runner, history)
        return await build_image(source, model, runner, head)

    made, plan = await concurrently(image(), plan_stack(source, runner, head, job.backend))
    return {"model": made.model.layout, "image": made.layout, "plan": plan.layout}


async def _refuse_missing(tools: Tools, recorded: Mapping[str, str]) -> None:
    """Raise NotReproduced for each tool image that its registry no longer serves under the recorded digest."""

    async def is_served(name: str) -> bool:
        try:
            await tools.image(ToolImage(name, recorded[name])).sync()
        except dagger.QueryError:
            return False
        return True

    served = await concurrently(*(is_served(name) for name in recorded))
    gone = [
        f"{name}: {recorded[name]} is not served any more"
        for name, there in zip(recorded, served, strict=True)
        if not there
    ]
    if gone:
        raise NotReproduced("", differing={"tools": sorted(gone)}, notes=())


async def _compare(
    job: ReproduceJob, kind: str, recorded: RecordedRelease, rebuilt: dagger.Directory
) -> Comparison:
    artifact = recorded.artifacts[kind]
    stage = Stage(
        name=f"compare-{kind}",
        container=job.client.tools.assembler(),
        argv=(
            "python", "-m", "slipway.steps.compare", "--recorded", "/recorded", "--rebuilt", "/rebuilt",
        ),
        inputs=(
            Input(path="/recorded", content=artifact.layout, made_by=(artifact.stage,)),
            Input(path="/rebuilt", content=rebuilt),
        ),
        accept=(0, DIFFERENT),
    )  # fmt: skip
    outcome = await job.client.runner.run(stage)
    return Comparison(
        kind=kind,
        rebuilt=await digest_of(rebuilt),
        recorded=str(recorded.provenance[kind].subject),
        differences=tuple(json.loads(outcome.stdout)),
    )


def _notes(recorded: RecordedRelease) -> list[str]:
    """Another Slipway may make other bits of the same commit: said, whatever came out."""
    made = {each.builder_version.get("slipway", "unknown") for each in recorded.provenance.values()}
    here = fingerprint()
    return (
        []
        if made == {here}
        else [f"made by another Slipway: {', '.join(sorted(made))}; this is {here}"]
    )
