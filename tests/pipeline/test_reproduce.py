"""A release made again: the same bits, or the very file in which somebody changed a byte."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeVar

import dagger
import pytest
from slipway.artifacts.image import Image
from slipway.artifacts.model import Model
from slipway.errors import ConfigError, NotReproduced
from slipway.iac.plan import Plan, plan_stack
from slipway.pipeline.build import build_and_judge
from slipway.pipeline.catalogue import made_with
from slipway.pipeline.job import Candidate, Existing, ReleaseJob
from slipway.pipeline.publish import describe, publish_and_verify
from slipway.pipeline.reproduce import ReproduceJob, reproduce_release
from slipway.runtime.concurrency import concurrently
from slipway.runtime.layout import digest_of
from slipway.runtime.stage import StageRunner
from slipway.runtime.tools import Tools
from slipway.signers.key import KeySigner, public_key
from slipway.signers.verifier import Verifier

from ..support.project import Project, assert_told, last_error
from ..support.releasing import client_at, embedded, job_of, publisher_at

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("connection")]
# What a compromised builder could do: one byte of one file in one layer is another, and every digest fits again.
FORGE = Path(__file__).parents[1] / "assets" / "forge.py"


Part = TypeVar("Part", Model, Image, Plan)


class Made(NamedTuple):
    """A project, and what a release of it made, but did not publish."""

    project: Project
    job: ReleaseJob
    candidate: Candidate
    verifier: Verifier

    @property
    def reference(self) -> str:
        """The reference that the release has once it is published."""
        return self.candidate.pinned["release"]


def forged(layout: dagger.Directory, *arguments: str) -> dagger.Directory:
    """A layout in which one byte of one file is another."""
    return (
        Tools()
        .assembler()
        .with_directory("/layout", layout)
        .with_new_file("/forge.py", FORGE.read_text())
        .with_exec(["python", "/forge.py", "/layout", *arguments])
        .directory("/layout")
    )


def with_layout(part: Part, layout: dagger.Directory) -> Part:
    """A part of a release with another layout."""
    changed = copy(part)
    changed.layout = layout
    return changed


@pytest.fixture(scope="module")
async def made(reference: Project, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Model, image and plan of a commit, with what their gates concluded; nothing is published."""
    project = reference.copy(tmp_path_factory.mktemp("made") / "project")
    project.named(f"again-{uuid.uuid4().hex[:10]}")
    job = await job_of(project, publisher_at(embedded()))
    tools = job.source.tools
    verifier = Verifier(pem=await public_key(tools, KeySigner(), StageRunner()))
    engine = job.source.project.infrastructure.engine
    images, built, plan = await concurrently(
        tools.resolved(made_with(engine)),
        build_and_judge(job, Existing(job=job, digests={}), verifier),
        plan_stack(job.source, job.runner, job.head, job.backend),
    )
    candidate = await describe(job, built, plan, built.verdicts, images)
    return Made(project, job, candidate, verifier)


async def published(made: Made) -> str:
    """Push, sign and attest what was made; gives the reference of the release."""
    await publish_and_verify(made.job, made.candidate, made.verifier)
    return made.reference


@pytest.fixture(scope="module")
async def release(made: Made) -> str:
    """The reference of that release, published once."""
    return await published(made)


async def described(
    made: Made, *, images: Mapping[str, str] | None = None, **layouts: dagger.Directory
) -> Made:
    """The same release with other artifacts or tool images, described as if they were its own."""
    candidate = made.candidate
    built, plan = candidate.built, candidate.plan
    if layouts:
        built = replace(
            built,
            model=with_layout(built.model, layouts["model"]),
            image=with_layout(built.image, layouts["image"]),
        )
        plan = with_layout(plan, layouts["plan"])
    again = await describe(
        made.job, built, plan, candidate.record.verdicts, images or candidate.record.tools
    )
    return made._replace(candidate=again)


async def reproduced(project: Project, reference: str) -> str:
    """What `reproduce` says of a release."""
    client = client_at(embedded())
    key = await public_key(client.tools, KeySigner(), client.runner)
    job = ReproduceJob(client=client, history=project.history())
    return await reproduce_release(job, reference, [Verifier(pem=key)])


@pytest.mark.anyio
async def test_a_release_is_made_again_bit_for_bit(
    made: Made, release: str, tmp_path: Path
) -> None:
    # What is made again is the commit, whatever lies about in the tree now.
    project = made.project.copy(tmp_path / "project")
    project.edit("service/src/screening/app.py", '"""', '"""Changed since. ')
    project.edit("slipway.yaml", "metric", "metrik").commit()
    told = await reproduced(project, release)
    first, *same = told.splitlines()
    assert made.job.head.sha in first
    assert "bit for bit" in first
    kinds = ("model", "image", "plan")
    layouts = made.candidate.layouts
    assert same == [f"{kind}: the same, {await digest_of(layouts[kind])}" for kind in kinds]


@pytest.mark.anyio
async def test_one_changed_byte_in_each_artifact_is_found_by_its_file(made: Made) -> None:
    layouts = made.candidate.layouts
    changed = await described(
        made,
        model=forged(layouts["model"], "model.skops", "schema.json"),
        image=forged(layouts["image"], "3", "opt/service/screening/app.py"),
        plan=forged(layouts["plan"], "plan.json"),
    )
    reference = await published(changed)
    with pytest.raises(NotReproduced) as caught:
        await reproduced(made.project, reference)
    message = str(caught.value)
    assert "was rebuilt and differs" in message.splitlines()[0]
    for place in (
        "model.skops!/schema.json: ",
        "layer 4 of 6!/opt/service/screening/app.py: line 1: ",
        "plan.json: ",
    ):
        assert f"\n    {place}" in message


# A dirty release, and a commit that is elsewhere: without an engine, tests/unit/pipeline/test_reproduce.py.
@pytest.mark.anyio
async def test_a_commit_that_is_not_at_hand(release: str, reference: Project) -> None:
    with pytest.raises(ConfigError) as caught:
        await reproduced(reference, release)
    assert_told(str(caught.value), "does not hold the commit", "git fetch")


@pytest.mark.anyio
async def test_a_tool_image_that_is_not_served_any_more_is_named(made: Made) -> None:
    lost = f"docker.io/library/python:3.11-slim-bookworm@sha256:{64 * 'a'}"
    images = {**made.candidate.record.tools, "python": lost}
    release = await published(await described(made, images=images))
    with pytest.raises(NotReproduced) as caught:
        await reproduced(made.project, release)
    assert str(caught.value).splitlines() == [
        "the release cannot be rebuilt:",
        "  tools",
        f"    python: {lost} is not served any more",
    ]


def test_a_release_that_is_not_there(project: Project) -> None:
    wrong = f"localhost:5050/nothing/release@sha256:{64 * 'a'}"
    assert_told(last_error(project.call("reproduce", "--release", wrong)), "no such artifact")
