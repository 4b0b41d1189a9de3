"""A release made again: the same bits, or the very file in which somebody changed a byte."""

from __future__ import annotations

import uuid
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import dagger
import pytest
from slipway.errors import ConfigError, DirtyTree, NotReproduced
from slipway.pipeline.release import Run, describe, look_first, make, publish
from slipway.pipeline.reproduce import Attempt, reproduce
from slipway.publish import Desk
from slipway.runtime.layout import digest_of
from slipway.runtime.stage import Journal
from slipway.runtime.tools import Tools
from slipway.signers.key import KeySigner, public_key
from slipway.signers.verifier import Verifier

from ..support.project import Project, assert_told, last_error
from ..support.releasing import desk_at, embedded, run_of

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("connection")]
# What a compromised builder could do: one byte of one file in one layer is another, and every digest fits again.
FORGE = Path(__file__).parents[1] / "assets" / "forge.py"


class Made(NamedTuple):
    """A project, and a run that made all of it but published nothing."""

    project: Project
    run: Run


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


@pytest.fixture(scope="module")
async def made(reference: Project, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Model, image and plan of a commit, with what their gates said; nothing is published."""
    project = reference.copy(tmp_path_factory.mktemp("made") / "project")
    project.named(f"again-{uuid.uuid4().hex[:10]}")
    desk = desk_at(embedded())
    run = await run_of(project, desk)
    await look_first(run)
    await make(run)
    return Made(project, run)


async def published(run: Run) -> str:
    """Push, sign and attest what a run made; gives the reference of the release."""
    desk = run.desk
    # cosign finds the key made by now.
    trust = Verifier(pem=await public_key(desk.tools, KeySigner(), Journal(), desk.nonce))
    _, artifacts = await describe(run)
    run.trusts[:] = [trust]
    await publish(run, artifacts)
    return f"{run.repository('release')}@{await digest_of(artifacts['release'])}"


async def attempted(project: Project, desk: Desk, reference: str) -> str:
    """What `reproduce` says of a release, at a desk of its own: one desk reads an artifact once."""
    desk = desk_at(desk.registry)
    key = await public_key(desk.tools, KeySigner(), Journal(), desk.nonce)
    attempt = Attempt(desk=desk, history=project.history())
    return await reproduce(attempt, reference, [Verifier(pem=key)])


@pytest.mark.anyio
async def test_a_release_is_made_again_bit_for_bit(made: Made, tmp_path: Path) -> None:
    reference = await published(made.run)
    # What is made again is the commit, whatever lies about in the tree now.
    project = made.project.copy(tmp_path / "project")
    project.edit("service/src/screening/app.py", '"""', '"""Changed since. ')
    project.edit("slipway.yaml", "metric", "metrik").commit()
    told = await attempted(project, made.run.desk, reference)
    first, *same = told.splitlines()
    assert made.run.head.sha in first
    assert "bit for bit" in first
    _, artifacts = await describe(made.run)
    kinds = ("model", "image", "plan")
    assert same == [f"{kind}: the same, {await digest_of(artifacts[kind])}" for kind in kinds]


@pytest.mark.anyio
async def test_one_changed_byte_in_each_artifact_is_found_by_its_file(made: Made) -> None:
    parts = copy(made.run.parts)
    model, image, plan = copy(parts.model), copy(parts.image), copy(parts.plan)
    assert model is not None
    assert image is not None
    assert plan is not None
    model.layout = forged(model.layout, "model.skops", "schema.json")
    image.layout = forged(image.layout, "3", "opt/service/screening/app.py")
    plan.layout = forged(plan.layout, "plan.json")
    parts.model, parts.image, parts.plan = model, image, plan
    reference = await published(replace(made.run, parts=parts))
    with pytest.raises(NotReproduced) as caught:
        await attempted(made.project, made.run.desk, reference)
    message = str(caught.value)
    assert "was rebuilt and differs" in message.splitlines()[0]
    for place in (
        "model.skops!/schema.json: ",
        "layer 4 of 6!/opt/service/screening/app.py: line 1: ",
        "plan.json: ",
    ):
        assert f"\n    {place}" in message


@pytest.mark.anyio
async def test_a_commit_that_is_not_at_hand(made: Made, reference: Project) -> None:
    release = await published(made.run)
    with pytest.raises(ConfigError) as caught:
        await attempted(reference, made.run.desk, release)
    assert_told(str(caught.value), "does not hold the commit", "git fetch")


@pytest.mark.anyio
async def test_a_dirty_release_cannot_be_made_again(made: Made) -> None:
    release = await published(replace(made.run, changes=("?? notes.txt",)))
    with pytest.raises(DirtyTree) as caught:
        await attempted(made.project, made.run.desk, release)
    assert_told(str(caught.value), "cannot be made again")


@pytest.mark.anyio
async def test_a_tool_image_that_is_not_served_any_more_is_named(made: Made) -> None:
    lost = f"docker.io/library/python:3.11-slim-bookworm@sha256:{64 * 'a'}"
    release = await published(replace(made.run, images={**made.run.images, "python": lost}))
    with pytest.raises(NotReproduced) as caught:
        await attempted(made.project, made.run.desk, release)
    assert str(caught.value).splitlines() == [
        "the release cannot be rebuilt:",
        "  tools",
        f"    python: {lost} is not served any more",
    ]


def test_a_release_that_is_not_there(project: Project) -> None:
    wrong = f"localhost:5050/nothing/release@sha256:{64 * 'a'}"
    assert_told(last_error(project.call("reproduce", "--release", wrong)), "no such artifact")
