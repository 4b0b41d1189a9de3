"""A release made again: the same bits, or the very file in which somebody changed a byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dagger
import pytest
from slipway.errors import ConfigError, DirtyTree
from slipway.layout import digest_of
from slipway.publish import Desk
from slipway.release import describe, make, publish
from slipway.reproduce import Attempt, reproduce
from slipway.signing import public_key
from slipway.stage import Journal
from slipway.tools import Tools

from .project import Project, assert_told, last_error
from .releasing import desk_at, embedded, release_of, run_of

pytestmark = [pytest.mark.engine, pytest.mark.anyio]
# What a compromised builder could do: one byte of one file in one layer is another, and every digest fits again.
FORGE = Path(__file__).parents[1] / "assets" / "forge.py"


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


async def signed(project: Project, desk: Desk, *, forge: bool, dirty: bool = False) -> str:
    """A release that verifies, forged or not; gives its reference."""
    run = await run_of(project, desk)
    run.changes = ("?? notes.txt",) if dirty else ()
    run.images.update(await desk.tools.resolved("opentofu"))
    await make(run)
    model, image, plan = run.parts.model, run.parts.image, run.parts.plan
    assert model is not None
    assert image is not None
    assert plan is not None
    if forge:
        model.layout = forged(model.layout, "model.skops", "schema.json")
        image.layout = forged(image.layout, "3", "opt/service/screening/app.py")
        plan.layout = forged(plan.layout, "plan.json")
    _, artifacts = await describe(run)
    # cosign finds the key made by now.
    await public_key(desk.tools, desk.key, Journal(), desk.nonce)
    await publish(run, artifacts)
    return f"{run.repository('release')}@{await digest_of(artifacts['release'])}"


async def attempted(project: Project, desk: Desk, reference: str) -> str:
    """What `reproduce` says of a release."""
    key = await public_key(desk.tools, desk.key, Journal(), desk.nonce)
    return await reproduce(Attempt(desk=desk, history=project.history()), reference, key)


async def test_a_release_is_made_again_bit_for_bit(
    project: Project, connection: None, fresh: Callable[[str], str]
) -> None:
    project.named(fresh("again"))
    desk = desk_at(embedded())
    _, run = await release_of(project, desk)
    _, artifacts = await describe(run)
    reference = f"{run.repository('release')}@{await digest_of(artifacts['release'])}"
    # What is made again is the commit, whatever lies about in the tree now.
    project.edit("service/src/screening/app.py", '"""', '"""Changed since. ')
    project.edit("slipway.yaml", "metric", "metrik").commit()
    told = await attempted(project, desk, reference)
    first, *same = told.splitlines()
    assert run.head.sha in first
    assert "bit for bit" in first
    digests = [await digest_of(artifacts[kind]) for kind in ("model", "image", "plan")]
    assert same == [
        f"{kind}: the same, {digest}"
        for kind, digest in zip(("model", "image", "plan"), digests, strict=True)
    ]


async def test_one_changed_byte_in_each_artifact_is_found_by_its_file(
    project: Project, connection: None, fresh: Callable[[str], str]
) -> None:
    project.named(fresh("forged"))
    reference = await signed(project, desk_at(embedded()), forge=True)
    message = last_error(project.call("reproduce", "--release", reference))
    lines = message.splitlines()
    assert "was rebuilt and differs" in lines[0]
    assert any("model.skops!/schema.json: " in line for line in lines), message
    assert any("layer 4 of 6!/opt/service/screening/app.py: line 1: " in line for line in lines), (
        message
    )
    assert any("plan.json: " in line for line in lines), message
    assert "Traceback" not in message


async def test_a_commit_that_is_not_at_hand(
    project: Project, connection: None, fresh: Callable[[str], str], tmp_path: Path
) -> None:
    other = project.copy(tmp_path / "other")
    other.named(fresh("elsewhere"))
    desk = desk_at(embedded())
    reference = await signed(other, desk, forge=False)
    with pytest.raises(ConfigError) as caught:
        await attempted(project, desk, reference)
    assert_told(str(caught.value), "does not hold the commit", "git fetch")


async def test_a_dirty_release_cannot_be_made_again(
    project: Project, connection: None, fresh: Callable[[str], str]
) -> None:
    project.named(fresh("dirty"))
    desk = desk_at(embedded())
    reference = await signed(project, desk, forge=False, dirty=True)
    with pytest.raises(DirtyTree) as caught:
        await attempted(project, desk, reference)
    assert_told(str(caught.value), "cannot be made again")
