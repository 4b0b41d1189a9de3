"""Make a release: three artifacts by digest, the proof that belongs to them, and one artifact that names them all."""

from collections.abc import Mapping, Sequence

from ..artifacts.model import trained
from ..errors import DirtyTree
from ..gates import gates_of, in_declared_order, required
from ..gates.base import ModelPair, SourceTree, judge_all, require
from ..iac.plan import plan_stack
from ..publishing.publisher import refuse_moved
from ..runtime.concurrency import concurrently
from ..signers.verifier import Verifier
from ..verdicts.verdict import Verdict
from .build import build_and_judge
from .catalogue import made_with
from .champion import judged_before
from .dist import Release, report_release
from .job import Existing, ReleaseJob
from .publish import describe, publish_and_verify
from .verify import verify_artifacts


async def make_release(job: ReleaseJob, allow_dirty: bool) -> Release:
    """Make, judge, publish and tag a release; returns it with its report.

    Raises the tree of errors; whatever is raised, no tag was written that was not there before.
    """
    if job.changes and not allow_dirty:
        raise _dirty(job.changes)
    # 1 Fail early: a registry that is down, a key that cannot be opened, a tool without a digest.
    existing, verifier, tool_images = await concurrently(
        _existing(job), _verifier(job), _tool_images(job)
    )
    # 2 Make and judge everything; nothing leaves the machine.
    checks, built, plan, earlier = await concurrently(
        _judge_source(job),
        build_and_judge(job, existing, verifier),
        plan_stack(job.source, job.runner, job.head, job.backend),
        _judged_earlier(job, existing, verifier),
    )
    verdicts = in_declared_order([*checks, *built.verdicts, *earlier])
    project = job.source.project
    require(verdicts, project.gates.not_evaluated, required(project))
    # 3 Describe: the release artifact names the digests of the others.
    candidate = await describe(job, built, plan, verdicts, tool_images)
    wanted = {tag: candidate.pinned[kind] for kind, tag in job.tags.items()}
    refuse_moved(existing.digests, wanted)
    if not existing.is_released:
        # 4 Push, sign, attest and verify.
        artifacts = await publish_and_verify(job, candidate, verifier)
        # 5 Tag, last of all. Never the champion of a tree that no commit holds.
        champion = (
            {job.champion: candidate.pinned["model"]} if job.champion and not job.changes else {}
        )
        await job.publisher.tag(wanted | champion, [artifact.stage for artifact in artifacts])
    # 6 Report.
    return report_release(job, candidate, verifier, new=not existing.is_released)


async def _existing(job: ReleaseJob) -> Existing:
    tags = [*job.tags.values(), *([job.champion] if job.champion else [])]
    return Existing(job=job, digests=await job.publisher.client.lookup(tags))


async def _verifier(job: ReleaseJob) -> Verifier:
    return await job.publisher.signer.verifier(job.source.tools, job.runner)


async def _tool_images(job: ReleaseJob) -> Mapping[str, str]:
    engine = job.source.project.infrastructure.engine
    return await job.source.tools.resolved(made_with(engine))


async def _judge_source(job: ReleaseJob) -> Sequence[Verdict]:
    commit = job.head.sha
    tree = SourceTree(source=job.source, digest=commit, commit=commit, advisories=job.advisories)
    verdicts = await judge_all(gates_of(SourceTree), tree, job.runner)
    # Here already: a plan or an image that fails meanwhile is raised together with what these gates found.
    project = job.source.project
    require(verdicts, project.gates.not_evaluated, required(project, SourceTree))
    return verdicts


async def _judged_earlier(
    job: ReleaseJob, existing: Existing, verifier: Verifier
) -> Sequence[Verdict]:
    """Verify a release of this commit that exists: most likely it is what is about to be made, and verifying it
    meanwhile costs no time. What its gates said of it and the champion holds."""
    if not existing.is_released:
        return ()
    artifacts = await verify_artifacts(job.publisher.client, existing.pinned, verifier)
    if not job.champion:
        return ()
    model = artifacts["model"]
    pair = ModelPair(
        source=job.source,
        digest=str(model.evidence.reference.digest),
        commit=job.head.sha,
        challenger=trained(model.layout),
    )
    return judged_before(pair, artifacts["release"].evidence.statements)


def _dirty(changes: Sequence[str]) -> DirtyTree:
    shown_changes = ", ".join(change.strip() for change in changes[:5])
    more = f" and {len(changes) - 5} more" if len(changes) > 5 else ""
    return DirtyTree(
        f"the work tree differs from the commit: {shown_changes}{more}",
        remedy="Commit or stash it, or pass --allow-dirty: the release will say so",
    )
