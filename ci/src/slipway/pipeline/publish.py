"""Describe a release as an artifact, then push, sign, attest and verify it with the others."""

from collections.abc import Mapping, Sequence
from typing import Final

import dagger

from ..artifacts.sbom import SBOM
from ..attestations.mlbom import facts_of, ml_bom
from ..attestations.release import Release as ReleaseRecord
from ..attestations.statements import PLAN, PROVENANCE, VERDICTS, Judgement
from ..gates.base import now
from ..iac.plan import PACK as PACK_PLAN
from ..iac.plan import Plan
from ..oci.digests import Reference
from ..policy.case import ATTESTED
from ..publishing.contended import publish_until_stable
from ..publishing.publisher import Subject
from ..runtime.concurrency import concurrently
from ..runtime.layout import digest_of, manifest_of, size_of
from ..runtime.stage import Stage
from ..runtime.tools import fingerprint
from ..signers.verifier import Verifier
from ..verdicts.verdict import Verdict
from .job import Built, Candidate, ReleaseJob
from .materials import Materials, materials_of
from .verify import VerifiedArtifact, verified

PACK: Final = "pack-release"


async def describe(
    job: ReleaseJob,
    built: Built,
    plan: Plan,
    verdicts: tuple[Verdict, ...],
    tool_images: Mapping[str, str],
) -> Candidate:
    """The release as a value and as an artifact, and the references of all four."""
    layouts = {"model": built.model.layout, "image": built.image.layout, "plan": plan.layout}
    pinned = await _pinned(job, layouts)
    record = ReleaseRecord(
        commit=job.head.sha,
        dirty=bool(job.changes),
        model=Reference.parse(pinned["model"]),
        image=Reference.parse(pinned["image"]),
        plan=Reference.parse(pinned["plan"]),
        allowed=("allow-dirty",) if job.changes else (),
        verdicts=verdicts,
        tools=tool_images,
    )
    packed = await job.runner.run_to_success(_pack_stage(job, record))
    layouts["release"] = packed.directory("/layout")
    return Candidate(
        built=built,
        plan=plan,
        record=record,
        layouts=layouts,
        sizes={kind: await size_of(layout) for kind, layout in layouts.items()},
        pinned=await _pinned(job, layouts),
    )


async def _pinned(job: ReleaseJob, layouts: Mapping[str, dagger.Directory]) -> dict[str, str]:
    return {
        kind: f"{job.repository(kind)}@{await digest_of(layout)}"
        for kind, layout in layouts.items()
    }


def _pack_stage(job: ReleaseJob, record: ReleaseRecord) -> Stage:
    return Stage(
        name=PACK,
        container=job.source.tools.assembler().with_new_file(
            "/release.json", record.payload().decode()
        ),
        argv=(
            "python", "-m", "slipway.steps.assemble", "release",
            "--file", "/release.json", "--output", "/layout",
        ),
        gated_by=(*(verdict.gate for verdict in record.verdicts), SBOM, PACK_PLAN),
    )  # fmt: skip


async def publish_and_verify(
    job: ReleaseJob, candidate: Candidate, verifier: Verifier
) -> Sequence[VerifiedArtifact]:
    """Push, sign, attest and verify the four artifacts, side by side."""
    attestations = await _attestations(job, candidate)
    pulled = await concurrently(
        *(
            publish_until_stable(
                job.publisher,
                Subject(
                    kind=kind,
                    layout=layout,
                    repository=job.repository(kind),
                    attestations=attestations[kind],
                    gated_by=(PACK,),
                ),
                verifier,
            )
            for kind, layout in candidate.layouts.items()
        )
    )
    return [verified(each) for each in pulled]


async def _attestations(job: ReleaseJob, candidate: Candidate) -> Mapping[str, Mapping[str, str]]:
    """The predicates of each artifact, by kind and type."""
    materials = await _materials(job, candidate)
    judgement = Judgement(
        commit=job.head.sha, at=now(), verdicts=candidate.record.verdicts
    ).predicate()
    bills = {"model": await _ml_bom(candidate, materials), "image": candidate.built.sbom}

    def predicate(kind: str, predicate_type: str) -> str:
        if predicate_type == VERDICTS:
            return judgement
        if predicate_type == PROVENANCE:
            return materials.provenance(kind, job.runner.trace.began)
        return candidate.plan.facts if predicate_type == PLAN else bills[kind]

    return {
        kind: {name: predicate(kind, name) for name in types} for kind, types in ATTESTED.items()
    }


async def _materials(job: ReleaseJob, candidate: Candidate) -> Materials:
    return await materials_of(
        job.source,
        job.head.sha,
        job.builder,
        candidate.record.tools,
        (candidate.built.model, candidate.plan),
        job.repository("model"),
        candidate.record.verdicts,
    )


async def _ml_bom(candidate: Candidate, materials: Materials) -> str:
    model = candidate.built.model
    return ml_bom(
        facts_of(
            await manifest_of(model.layout),
            metrics=await model.files.file("metrics.json").contents(),
            schema=await model.files.file("schema.json").contents(),
            data=materials.digest("model", "data"),
            tool_version=fingerprint(),
        )
    )
