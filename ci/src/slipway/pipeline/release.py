"""A release: three artifacts by digest, the proof that belongs to them, and the run that makes it all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Final

import dagger
from dagger import Doc, dag, object_type
from dagger import field as shown

from ..artifacts import image as images
from ..artifacts import model as models
from ..artifacts.git import Commit, History
from ..artifacts.sbom import OUT as SBOM_FILE
from ..artifacts.sbom import SBOM, sbom_stage
from ..artifacts.source import Source
from ..attestations import release as values
from ..attestations.mlbom import facts_of, ml_bom
from ..attestations.statements import PLAN, PROVENANCE, VERDICTS, Judgement
from ..errors import ConfigError, DirtyTree
from ..gates import gates_of, required
from ..gates.base import BuiltImage, ModelPair, SourceTree, TrainedModel, judge_all, now, require
from ..iac import plan as plans
from ..iac.state import Keeper
from ..oci.digests import Digest, Reference, commit_tag
from ..policy.case import ATTESTED
from ..policy.champion import TAG as CHAMPION
from ..publishing.contended import publish_until_stable
from ..publishing.publisher import Publisher, Subject, refuse_moved
from ..report.page import render as render_page
from ..report.sarif import to_sarif
from ..report.text import Made, render, size
from ..runtime.concurrency import concurrently
from ..runtime.layout import digest_of, manifest_of, size_of
from ..runtime.stage import Stage, StageRunner
from ..runtime.tools import NOBODY, fingerprint
from ..signers.cosign import MODEL_SIGNATURE, Verifier, signing_folder
from ..verdicts.verdict import Verdict
from .champion import challenge, judged_before
from .materials import Materials, materials_of
from .verify import VerifiedArtifact, verified, verify_artifacts

# Which builders there are, and what each may honestly claim: SECURITY.md, "Provenance".
LOCAL: Final = "local"
BUILDER_NAMES: Final = (LOCAL, "github-actions", "gitlab-ci", "jenkins", "circleci")
PACK: Final = "pack-release"


@object_type
class Release:
    """A release that is in the registry, signed, attested and verified."""

    report: Annotated[str, Doc("what was made, what the gates said, where the time went")] = shown()
    json: Annotated[str, Doc("the same for machines, as dist/release.json")] = shown()
    public_key: Annotated[
        str, Doc("the key that it verifies with, PEM; none where an identity signed")
    ] = shown()
    # A field and no function: a function's result is cached under the call that gave its object, not under what that
    # object holds, and a second release would be answered with the first one's files.
    dist: Annotated[
        dagger.Directory,
        Doc(
            "what one goes on with: release.json, verdicts.sarif, cosign.pub, model.sig, report.txt, report.html"
        ),
    ] = shown()


@dataclass(frozen=True, kw_only=True)
class ReleaseJob:
    """What a release is made from: a project at a commit, where it goes, and who signs it."""

    source: Source
    publisher: Publisher
    history: History
    head: Commit
    changes: tuple[str, ...] = ()
    builder: str = LOCAL
    keeper: Keeper = field(default_factory=Keeper)
    advisories: dagger.Directory | None = None

    @property
    def runner(self) -> StageRunner:
        """What runs its stages."""
        return self.publisher.client.runner

    @property
    def tag(self) -> str:
        """The tag of every artifact: the commit; a dirty tree never gets the tag of a clean one."""
        if not self.changes:
            return commit_tag(self.head.sha)
        mark = Digest.of("\n".join(self.changes).encode()).hex[:12]
        return f"{self.head.sha}-dirty-{mark}"

    @property
    def tags(self) -> Mapping[str, str]:
        """The tags of the artifacts, by kind."""
        return {kind: f"{self.repository(kind)}:{self.tag}" for kind in ATTESTED}

    @property
    def champion(self) -> str:
        """The tag of the last released model; empty where the project compares with none."""
        compares = self.source.project.model.champion_tolerance is not None
        return f"{self.repository('model')}:{CHAMPION}" if compares else ""

    def repository(self, kind: str) -> str:
        """Where artifacts of a kind go."""
        return self.publisher.client.registry.repository(self.source.project.name, kind)


@dataclass(frozen=True, kw_only=True)
class Existing:
    """What the registry holds when a run begins: digests by tag."""

    job: ReleaseJob
    digests: Mapping[str, str]

    @property
    def is_released(self) -> bool:
        """Whether it has a release of this commit already."""
        return all(tag in self.digests for tag in self.job.tags.values())

    @property
    def pinned(self) -> Mapping[str, str]:
        """The artifacts of this commit's release, by kind and by digest."""
        return {
            kind: f"{self.job.repository(kind)}@{self.digests[tag]}"
            for kind, tag in self.job.tags.items()
        }

    @property
    def champion(self) -> str | None:
        """The last released model, by digest; None where there is none."""
        digest = self.digests.get(self.job.champion)
        return f"{self.job.repository('model')}@{digest}" if digest else None


@dataclass(frozen=True, kw_only=True)
class Built:
    """The model and the image that a run built, what describes them, and what was judged of them."""

    model: models.Model
    image: images.Image
    sbom: str
    model_signature: str
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Everything that a run made, before any of it leaves the machine."""

    built: Built
    plan: plans.Plan
    verdicts: tuple[Verdict, ...]
    images: Mapping[str, str]
    release: values.Release
    layouts: Mapping[str, dagger.Directory]
    """OCI layouts of the four artifacts, by kind; the release comes last."""
    pinned: Mapping[str, str]
    """Their references by digest."""


async def release(job: ReleaseJob, allow_dirty: bool) -> Release:
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
        _build_and_judge(job, existing, verifier),
        plans.plan(job.source, job.runner, job.head, job.keeper),
        _judged_earlier(job, existing, verifier),
    )
    verdicts = (*checks, *built.verdicts, *earlier)
    project = job.source.project
    require(verdicts, project.gates.not_evaluated, required(project))
    # 3 Describe: the release artifact names the digests of the others.
    candidate = await _describe(job, built, plan, verdicts, tool_images)
    wanted = {tag: candidate.pinned[kind] for kind, tag in job.tags.items()}
    refuse_moved(existing.digests, wanted)
    if not existing.is_released:
        # 4 Push, sign, attest and verify.
        artifacts = await _publish(job, candidate, verifier)
        # 5 Tag, last of all. Never the champion of a tree that no commit holds.
        champion = (
            {job.champion: candidate.pinned["model"]} if job.champion and not job.changes else {}
        )
        await job.publisher.tag(wanted | champion, [artifact.stage for artifact in artifacts])
    # 6 Report.
    return await _report(job, candidate, verifier, new=not existing.is_released)


async def _existing(job: ReleaseJob) -> Existing:
    tags = [*job.tags.values(), *([job.champion] if job.champion else [])]
    return Existing(job=job, digests=await job.publisher.client.lookup(tags))


async def _verifier(job: ReleaseJob) -> Verifier:
    return await job.publisher.signer.verifier(job.source.tools, job.runner)


async def _tool_images(job: ReleaseJob) -> Mapping[str, str]:
    return await job.source.tools.resolved(job.source.project.infrastructure.engine.value)


async def _judge_source(job: ReleaseJob) -> Sequence[Verdict]:
    commit = job.head.sha
    tree = SourceTree(source=job.source, digest=commit, commit=commit, advisories=job.advisories)
    return await judge_all(gates_of(SourceTree), tree, job.runner)


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
        challenger=models.trained(model.layout),
    )
    return judged_before(pair, artifacts["release"].evidence.statements)


async def _build_and_judge(job: ReleaseJob, existing: Existing, verifier: Verifier) -> Built:
    model, of_model = await train_and_judge(job.source, job.history, job.runner, job.head.sha)
    compared, image, signature = await concurrently(
        _challenge(job, model, existing, verifier),
        _image(job, model),
        _sign_model(job, model, verifier),
    )
    return replace(
        image,
        model_signature=signature,
        verdicts=(*of_model, *compared, *image.verdicts),
    )


async def train_and_judge(
    source: Source, history: History, runner: StageRunner, commit: str
) -> tuple[models.Model, Sequence[Verdict]]:
    """Train the model and run its gates; raises GateFailed where one stops the run."""
    model = await models.train(source, runner, history)
    subject = TrainedModel(
        source=source,
        digest=await digest_of(model.layout),
        commit=commit,
        files=models.trained(model.files, owner=NOBODY),
    )
    verdicts = await judge_all(gates_of(TrainedModel), subject, runner)
    require(verdicts, source.project.gates.not_evaluated, required(source.project, TrainedModel))
    return model, verdicts


async def judge_image(
    source: Source, image: images.Image, runner: StageRunner, commit: str
) -> Sequence[Verdict]:
    """Run the gates of an image."""
    digest = await digest_of(image.layout)
    built = BuiltImage(source=source, digest=digest, commit=commit, image=image)
    return await judge_all(gates_of(BuiltImage), built, runner)


async def _image(job: ReleaseJob, model: models.Model) -> Built:
    source, runner = job.source, job.runner
    image = await images.build(source, model, runner, job.head)
    verdicts, bill = await concurrently(
        judge_image(source, image, runner, job.head.sha), _sbom(job, image)
    )
    return Built(model=model, image=image, sbom=bill, model_signature="", verdicts=tuple(verdicts))


async def _sbom(job: ReleaseJob, image: images.Image) -> str:
    outcome = await job.runner.run_to_success(sbom_stage(job.source.tools, image.layout))
    return await outcome.file(SBOM_FILE).contents()


async def _sign_model(job: ReleaseJob, model: models.Model, verifier: Verifier) -> str:
    """The signature of the model's folder; empty where the signer cannot make one."""
    folder = models.trained(model.files)
    stage = signing_folder(job.source.tools, job.publisher.signer, folder, verifier.mark)
    if stage is None:
        return ""
    outcome = await job.runner.run_to_success(stage)
    return await outcome.file(MODEL_SIGNATURE).contents()


async def _challenge(
    job: ReleaseJob, model: models.Model, existing: Existing, verifier: Verifier
) -> Sequence[Verdict]:
    """The new model against the last released one, where the project asks for that and has not been answered yet."""
    if not job.champion or existing.is_released:
        return ()
    client = job.publisher.client
    return await challenge(client, job.source, model, job.head.sha, existing.champion, verifier)


async def _describe(
    job: ReleaseJob,
    built: Built,
    plan: plans.Plan,
    verdicts: tuple[Verdict, ...],
    tool_images: Mapping[str, str],
) -> Candidate:
    """The release as a value and as an artifact, and the references of all four."""
    layouts = {"model": built.model.layout, "image": built.image.layout, "plan": plan.layout}
    pinned = await _pinned(job, layouts)
    release = values.Release(
        commit=job.head.sha,
        dirty=bool(job.changes),
        model=Reference.parse(pinned["model"]),
        image=Reference.parse(pinned["image"]),
        plan=Reference.parse(pinned["plan"]),
        allowed=("allow-dirty",) if job.changes else (),
        verdicts=verdicts,
        tools=tool_images,
    )
    packed = await job.runner.run_to_success(_pack_stage(job, release))
    layouts["release"] = packed.directory("/layout")
    return Candidate(
        built=built,
        plan=plan,
        verdicts=verdicts,
        images=tool_images,
        release=release,
        layouts=layouts,
        pinned=await _pinned(job, layouts),
    )


async def _pinned(job: ReleaseJob, layouts: Mapping[str, dagger.Directory]) -> dict[str, str]:
    return {
        kind: f"{job.repository(kind)}@{await digest_of(layout)}"
        for kind, layout in layouts.items()
    }


def _pack_stage(job: ReleaseJob, release: values.Release) -> Stage:
    return Stage(
        name=PACK,
        container=job.source.tools.assembler().with_new_file(
            "/release.json", release.payload().decode()
        ),
        argv=(
            "python", "-m", "slipway.steps.assemble", "release",
            "--file", "/release.json", "--output", "/layout",
        ),
        gated_by=(*(verdict.gate for verdict in release.verdicts), SBOM, plans.PACK),
    )  # fmt: skip


async def _publish(
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
    judgement = Judgement(commit=job.head.sha, at=now(), verdicts=candidate.verdicts).predicate()
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
        candidate.images,
        (candidate.built.model, candidate.plan),
        job.repository("model"),
        candidate.verdicts,
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


async def _report(
    job: ReleaseJob, candidate: Candidate, verifier: Verifier, *, new: bool
) -> Release:
    """The report, for people and for machines."""
    made = [
        Made(kind=kind, reference=candidate.pinned[kind], size=await size_of(layout))
        for kind, layout in candidate.layouts.items()
    ]
    whole = replace(
        candidate.release,
        release=Reference.parse(candidate.pinned["release"]),
        stages=job.runner.trace.times,
    )
    text = render(whole, made, tag=job.tag, new=new)
    sizes = {each.kind: size(each.size) for each in made}
    files = {
        "release.json": whole.report(),
        "verdicts.sarif": to_sarif(whole.verdicts),
        "cosign.pub": verifier.pem,
        "model.sig": candidate.built.model_signature,
        "report.txt": text,
        "report.html": render_page(whole, sizes=sizes, notes=(f"tagged {job.tag}",)),
    }
    dist = dag.directory()
    for name, content in files.items():
        # An identity has no public key, and a key that a service keeps signs no folder.
        if content:
            dist = dist.with_new_file(name, content)
    # object_type makes a dataclass of the class, which a type checker cannot see.
    return Release(report=text, json=whole.report(), public_key=verifier.pem, dist=dist)  # type: ignore[call-arg]


def known_builder(name: str) -> str:
    """The builder's name, if there is such a one; else a ConfigError that lists them."""
    if name not in BUILDER_NAMES:
        raise ConfigError(
            f"there is no builder {name!r}",
            where="--builder",
            remedy="Pass one of: " + ", ".join(BUILDER_NAMES),
        )
    return name


def _dirty(changes: Sequence[str]) -> DirtyTree:
    shown_changes = ", ".join(change.strip() for change in changes[:5])
    more = f" and {len(changes) - 5} more" if len(changes) > 5 else ""
    return DirtyTree(
        f"the work tree differs from the commit: {shown_changes}{more}",
        remedy="Commit or stash it, or pass --allow-dirty: the release will say so",
    )
