"""A release: three artifacts by digest, the proof that belongs to them, and the run that made it all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Final

import dagger
from dagger import Doc, dag, object_type
from dagger import field as shown

from . import champion as champions
from . import image as images
from . import model as models
from . import plan as plans
from .domain import release as values
from .domain.champion import TAG as CHAMPION
from .domain.digests import Digest, Reference, commit_tag
from .domain.mlbom import facts_of, ml_bom
from .domain.policy import Environment, Policy
from .domain.policy_rules import ATTESTED, Case, evaluate
from .domain.release_report import Made, render, size
from .domain.report_page import render as render_page
from .domain.sarif import to_sarif
from .domain.statements import PLAN, PROVENANCE, VERDICTS, Judgement
from .domain.verdicts import Verdict
from .domain.verification import Verification
from .errors import ConfigError, DirtyTree, SlipwayError
from .evidence import (
    SELF_SUFFICIENT,
    about,
    image_gates,
    judge_all,
    now,
    require,
    sbom,
    source_gates,
)
from .git import Commit, History
from .layout import digest_of, manifest_of, size_of
from .origins import Origins, origins
from .proof import Found, gather_all, verify_all
from .publish import Desk, Subject, refuse_moved
from .settle import settle
from .signing import MODEL_SIGNATURE, Trust, signing_folder
from .source import Source
from .stage import Job, Journal, Stage, expect_success, side_by_side
from .state import Keeper
from .tools import fingerprint

# Which builders there are, and what each may honestly claim: SECURITY.md, "Provenance".
LOCAL: Final = "local"
BUILDER_NAMES: Final = (LOCAL, "github-actions", "gitlab-ci", "jenkins", "circleci")


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


@dataclass(kw_only=True)
class Parts:
    """What the stages of one run made so far."""

    model: models.Model | None = None
    image: images.Image | None = None
    plan: plans.Plan | None = None
    sbom: str = ""
    ml_bom: str = ""
    model_signature: str = ""
    origins: Origins | None = None
    verdicts: list[Verdict] = field(default_factory=list)


@dataclass(kw_only=True)
class Run:
    """One run of the whole pipeline: where it works, for which commit, and what it made so far."""

    source: Source
    desk: Desk
    history: History
    head: Commit
    changes: tuple[str, ...] = ()
    builder: str = LOCAL
    keeper: Keeper = field(default_factory=Keeper)
    advisories: dagger.Directory | None = None
    journal: Journal = field(default_factory=Journal)
    parts: Parts = field(default_factory=Parts)
    images: dict[str, str] = field(default_factory=dict)
    trusts: list[Trust] = field(default_factory=list)
    found: dict[str, str] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        """The tag of everything that the run makes: the commit; a dirty tree never gets the tag of a clean one."""
        if not self.changes:
            return commit_tag(self.head.sha)
        mark = Digest.of("\n".join(self.changes).encode()).hex[:12]
        return f"{self.head.sha}-dirty-{mark}"

    @property
    def tags(self) -> dict[str, str]:
        """The tags of this run's artifacts, by kind."""
        return {kind: f"{self.repository(kind)}:{self.tag}" for kind in ATTESTED}

    @property
    def trust(self) -> Trust:
        """Whose signatures this run relies on: its own, once the key was opened."""
        return self.trusts[0]

    @property
    def champion(self) -> str:
        """The tag of the last released model; empty where the project compares with none."""
        compares = self.source.project.model.champion_tolerance is not None
        return f"{self.repository('model')}:{CHAMPION}" if compares else ""

    @property
    def is_released(self) -> bool:
        """Whether the registry has a release of this commit already."""
        return all(tag in self.found for tag in self.tags.values())

    def repository(self, kind: str) -> str:
        """Where artifacts of a kind go."""
        return self.desk.registry.repository(self.source.project.name, kind)

    def pinned(self, kind: str, tag: str) -> str:
        """The reference by digest of what a tag named when this run began."""
        return f"{self.repository(kind)}@{self.found[tag]}"


async def release(run: Run, allow_dirty: bool) -> Release:
    """check, train → gate → build → smoke test, plan; then push, sign, attest, verify, tag. See DESIGN for the order.

    Raises the tree of errors; whatever is raised, no tag was written that was not there before.
    """
    if run.changes and not allow_dirty:
        raise _dirty(run.changes)
    await look_first(run)
    await side_by_side(lambda: make(run), lambda: _look_closer(run))
    required = (*SELF_SUFFICIENT, *models.GATES, "smoke-test", "image-secrets")
    require(run.parts.verdicts, run.source.project.gates.not_evaluated, required)
    value, artifacts = await describe(run)
    pinned = {
        kind: f"{run.repository(kind)}@{await digest_of(layout)}"
        for kind, layout in artifacts.items()
    }
    wanted = {tag: pinned[kind] for kind, tag in run.tags.items()}
    refuse_moved(run.found, wanted)
    new = not run.is_released
    if new:
        await publish(run, artifacts)
        # Last of all, and never for a tree that no commit holds: whoever is the champion was released.
        moved = {run.champion: pinned["model"]} if run.champion and not run.changes else {}
        await run.desk.tag(wanted | moved, run.journal)
    return await conclude(run, value, artifacts, new=new)


async def look_first(run: Run) -> None:
    """What would make all the rest vain: a registry that is down, a key that cannot be opened, no digest of a tool."""
    tags = [*run.tags.values(), *([run.champion] if run.champion else [])]

    async def look() -> None:
        run.found.update(await run.desk.lookup(tags, run.journal))

    async def open_key() -> None:
        run.trusts.append(await run.desk.key.trust(run.desk.tools, run.journal, run.desk.nonce))

    async def resolve() -> None:
        run.images.update(
            await run.desk.tools.resolved(run.source.project.infrastructure.engine.value)
        )

    await side_by_side(look, open_key, resolve)


async def _look_closer(run: Run) -> None:
    """Verify a release of this commit that is there already: most likely it is what is about to be made, and to verify
    it meanwhile costs no time then. What its champion's gate said holds."""
    if not run.is_released:
        return
    pinned = {kind: run.pinned(kind, tag) for kind, tag in run.tags.items()}
    there = await verify_all(run.desk, pinned, run.trust, run.journal)
    if run.champion:
        statements = there["release"].evidence.statements
        run.parts.verdicts.append(champions.said_before(run.source, statements, run.head.sha))


async def make(run: Run) -> None:
    """Everything that does not leave the machine: the source's gates, the model and its image, and the plan, side by
    side."""
    await side_by_side(lambda: _check(run), lambda: _build(run), lambda: _plan(run))


async def _check(run: Run) -> None:
    gates = source_gates(run.source, run.advisories)
    run.parts.verdicts += about(run.head.sha, await judge_all(gates, run.source, run.journal))


async def _build(run: Run) -> None:
    source, journal = run.source, run.journal
    model = run.parts.model = await models.train(source, journal, run.history)
    verdicts = about(await digest_of(model.layout), await models.gates(source, model, journal))
    run.parts.verdicts += verdicts
    require(verdicts, source.project.gates.not_evaluated, models.GATES)
    await side_by_side(lambda: _challenge(run, model), lambda: _image(run, model))


async def _image(run: Run, model: models.Model) -> None:
    source, journal = run.source, run.journal
    image = run.parts.image = await images.build(source, model, journal, run.head)
    digest = await digest_of(image.layout)

    async def ask() -> None:
        verdict = await images.smoke_test(source, image, journal)
        run.parts.verdicts += about(digest, [verdict])

    async def scan() -> None:
        gates = image_gates(source, image.layout, digest)
        run.parts.verdicts += about(digest, await judge_all(gates, source, journal))

    async def list_parts() -> None:
        outcome = await expect_success(sbom(source, image.layout), journal)
        run.parts.sbom = await outcome.file("/sbom.json").contents()

    async def sign() -> None:
        mark = run.trust.mark or run.desk.nonce
        stage = signing_folder(run.desk.tools, run.desk.key, model.files, mark)
        if stage is not None:
            outcome = await expect_success(stage, journal)
            run.parts.model_signature = await outcome.file(MODEL_SIGNATURE).contents()

    await side_by_side(ask, scan, list_parts, sign)


async def _challenge(run: Run, model: models.Model) -> None:
    """The new model against the last released one, where the project asks for that and has not been answered yet."""
    if not run.champion or run.is_released:
        return
    last = run.pinned("model", run.champion) if run.champion in run.found else None
    verdict = await champions.challenge(run.desk, run.source, model, last, run.trust, run.journal)
    run.parts.verdicts += about(await digest_of(model.layout), [verdict])


async def _plan(run: Run) -> None:
    run.parts.plan = await plans.plan(run.source, run.journal, run.head, run.keeper)


async def describe(run: Run) -> tuple[values.Release, dict[str, dagger.Directory]]:
    """The release as a value, and the layouts of the four artifacts by kind."""
    made = run.parts
    if made.model is None or made.image is None or made.plan is None:
        raise SlipwayError("a stage ended without its artifact", remedy="This is a bug in Slipway")
    layouts = {"model": made.model.layout, "image": made.image.layout, "plan": made.plan.layout}
    references = {
        kind: Reference.parse(f"{run.repository(kind)}@{await digest_of(layout)}")
        for kind, layout in layouts.items()
    }
    value = values.Release(
        commit=run.head.sha,
        dirty=bool(run.changes),
        model=references["model"],
        image=references["image"],
        plan=references["plan"],
        allowed=("allow-dirty",) if run.changes else (),
        verdicts=tuple(made.verdicts),
        tools=run.images,
    )
    stage = Stage(
        name="pack-release",
        container=run.desk.tools.assembler().with_new_file(
            "/release.json", value.payload().decode()
        ),
        argv=(
            "python", "-m", "slipway.inside.assemble", "release",
            "--file", "/release.json", "--output", "/layout",
        ),
        after=("smoke-test", "sbom", "image-secrets", "image-vulnerabilities", "pack-plan", *SELF_SUFFICIENT),
    )  # fmt: skip
    packed = await expect_success(stage, run.journal)
    return value, {**layouts, "release": packed.directory("/layout")}


async def trace(run: Run) -> None:
    """Write down what model, image and plan were made of, and the model's bill of materials."""
    made = run.parts
    if made.model is None or made.plan is None:
        raise SlipwayError("a stage ended without its artifact", remedy="This is a bug in Slipway")
    made.origins = await origins(
        run.source,
        run.head.sha,
        run.builder,
        run.images,
        (made.model, made.plan),
        run.repository("model"),
        made.verdicts,
    )
    made.ml_bom = ml_bom(
        facts_of(
            await manifest_of(made.model.layout),
            metrics=await made.model.files.file("metrics.json").contents(),
            schema=await made.model.files.file("schema.json").contents(),
            data=made.origins.digest("model", "data"),
            tool_version=fingerprint(),
        )
    )


async def publish(run: Run, artifacts: dict[str, dagger.Directory]) -> None:
    """Push, sign, attest and verify the four artifacts, side by side."""
    await trace(run)
    subjects = [
        Subject(
            kind=kind,
            layout=layout,
            repository=run.repository(kind),
            attestations=_attestations(run, kind),
        )
        for kind, layout in artifacts.items()
    ]

    def job(subject: Subject) -> Job:
        async def push() -> None:
            await settle(run.desk, subject, run.trust, run.journal)

        return push

    await side_by_side(*(job(subject) for subject in subjects))


def _attestations(run: Run, kind: str) -> dict[str, str]:
    def content(predicate_type: str) -> str:
        if predicate_type == VERDICTS:
            return judgement.predicate()
        if predicate_type == PROVENANCE and run.parts.origins is not None:
            return run.parts.origins.provenance(kind, run.journal.began)
        if predicate_type == PLAN and run.parts.plan is not None:
            return run.parts.plan.facts
        return run.parts.ml_bom if kind == "model" else run.parts.sbom

    judgement = Judgement(commit=run.head.sha, at=now(), verdicts=tuple(run.parts.verdicts))
    return {name: content(name) for name in ATTESTED[kind]}


async def conclude(
    run: Run, value: values.Release, artifacts: dict[str, dagger.Directory], *, new: bool
) -> Release:
    """The report, for people and for machines."""
    made = [
        Made(
            kind=kind,
            reference=f"{run.repository(kind)}@{await digest_of(layout)}",
            size=await size_of(layout),
        )
        for kind, layout in artifacts.items()
    ]
    reference = Reference.parse(made[-1].reference)
    whole = replace(value, release=reference, stages=tuple(run.journal.times))
    text = render(whole, made, tag=run.tag, new=new)
    # object_type makes a dataclass of the class, which a type checker cannot see.
    page = render_page(
        whole, sizes={each.kind: size(each.size) for each in made}, notes=(f"tagged {run.tag}",)
    )
    files = {
        "release.json": whole.report(),
        "verdicts.sarif": to_sarif(whole.verdicts),
        "cosign.pub": run.trust.pem,
        "model.sig": run.parts.model_signature,
        "report.txt": text,
        "report.html": page,
    }
    dist = dag.directory()
    for name, content in files.items():
        # An identity has no public key, and a key that a service keeps signs no folder.
        if content:
            dist = dist.with_new_file(name, content)
    return Release(report=text, json=whole.report(), public_key=run.trust.pem, dist=dist)  # type: ignore[call-arg]


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


async def open_release(
    desk: Desk, reference: str, journal: Journal
) -> tuple[values.Release, dict[str, str]]:
    """What the release artifact behind a reference names: itself and the other three, each by digest."""
    digest, content = await desk.read(reference, journal)
    value = values.parse_payload(content)
    return value, {
        "release": str(Reference.parse(reference).with_digest(Digest.parse(digest))),
        "model": value.model.pinned,
        "image": value.image.pinned,
        "plan": value.plan.pinned,
    }


async def verify(
    desk: Desk,
    reference: str,
    policy: Policy,
    environment: Environment,
    trusts: Mapping[str, Trust],
    journal: Journal,
) -> tuple[Verification, dict[str, Found]]:
    """Ask of a release all that a policy asks for an environment, of each signer in `trusts`, by name.

    The answer is the first signer's under whom all of it holds, else that of whom the least is missing; with it comes
    what was pulled and asked, so that whoever goes on uses those very bits.
    """
    value, pinned = await open_release(desk, reference, journal)
    answers = []
    for signer in (each for each in policy.signers_of(environment) if each.name in trusts):
        found = await gather_all(desk, pinned, trusts[signer.name], journal)
        case = Case(
            policy=policy,
            environment=environment,
            signer=signer,
            release=value,
            evidence={kind: each.evidence for kind, each in found.items()},
            now=now(),
        )
        answers.append((evaluate(case), found))
    return min(answers, key=lambda each: sum(not check.ok for check in each[0].checks))
