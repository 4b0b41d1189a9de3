"""Making a release again: the same, different, or not to be made again, and why."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from slipway.artifacts.git import Commit
from slipway.errors import ConfigError, DirtyTree, NotReproduced, VerificationError, one
from slipway.pipeline import reproduce as reproducing
from slipway.pipeline.release import make_release
from slipway.pipeline.reproduce import KINDS, ReproduceJob, reproduce_release
from slipway.runtime.images import CRANE
from slipway.runtime.tools import FRESH

from tests.support.fake_registry import FakeRegistry
from tests.support.fakes import Answer, FakeHistory, FakeTools, Reply

from .building import COMMIT, client, job, released, replies, runner_of, tree
from .test_verify import DEVELOPER, RELEASE, STRANGER

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("client_in_memory")]

SAME: dict[str, Answer] = {f"compare-{kind}": Reply(stdout="[]") for kind in KINDS}


async def again(
    registry: FakeRegistry | None = None, *, commit: Commit = COMMIT, **changed: Answer
) -> ReproduceJob:
    """A release in a registry, and all that makes it again."""
    registry = registry or await released()
    answers = replies() | SAME | {name.replace("_", "-"): each for name, each in changed.items()}
    return ReproduceJob(
        client=client(registry, answers), history=FakeHistory(commit=commit, tree=tree())
    )


async def test_the_same_bits_are_said_for_each_artifact() -> None:
    made = await again()
    text = await reproduce_release(made, RELEASE, [STRANGER, DEVELOPER])
    assert "rebuilt from its recorded inputs, bit for bit" in text
    for kind in KINDS:
        assert f"{kind}: the same, sha256:" in text
    assert "another Slipway" not in text


async def test_it_is_made_with_the_recorded_tool_images_and_past_the_cache() -> None:
    made = await again()
    await reproduce_release(made, RELEASE, [DEVELOPER])
    container: Any = runner_of(made.client).stage("train").container
    assert "@sha256:" in container.address
    marks = set()
    # The plan's stage has a key of its own, which must not take the mark's place.
    for name in ("train", "plan"):
        loaded: Any = runner_of(made.client).stage(name).loaded()
        (mark,) = (
            call.arguments[1] for call in loaded.calls
            if call.name == "with_env_variable" and call.arguments[0] == FRESH
        )  # fmt: skip
        marks.add(mark)
    assert len(marks) == 1
    assert all(marks)


async def test_each_difference_is_named_with_its_artifact() -> None:
    made = await again(
        compare_model=Reply(exit_code=5, stdout=json.dumps(["model.skops: 3 bytes differ"])),
        compare_plan=Reply(exit_code=5, stdout=json.dumps(["plan.txt: another"])),
    )
    with pytest.raises(NotReproduced) as caught:
        await reproduce_release(made, RELEASE, [DEVELOPER])
    assert list(caught.value.differing) == ["model", "plan"]
    for words in ("model.skops: 3 bytes differ", "plan.txt: another", "image: the same"):
        assert words in str(caught.value)


async def test_a_release_of_a_dirty_tree_cannot_be_made_again() -> None:
    registry = FakeRegistry()
    dirty = job(registry, changes=(" M x",))
    await make_release(dirty, allow_dirty=True)
    made = await again(registry)
    with pytest.raises(DirtyTree, match="cannot be made again"):
        await reproduce_release(made, dirty.tags["release"], [DEVELOPER])
    assert "train" not in runner_of(made.client).names


async def test_a_release_that_does_not_verify_is_not_made_again() -> None:
    made = await again()
    with pytest.raises(VerificationError):
        await reproduce_release(made, RELEASE, [STRANGER])
    assert runner_of(made.client).names[-1] == "verify-release"


async def test_a_commit_that_is_not_at_hand_is_said() -> None:
    made = await again(commit=Commit(sha="b" * 40, epoch=1))
    with pytest.raises(ConfigError, match="does not hold the commit"):
        await reproduce_release(made, RELEASE, [DEVELOPER])


async def test_a_tool_image_that_is_gone_is_named() -> None:
    made = await again()
    tools = made.client.tools
    gone = await tools.image(CRANE).image_ref()
    assert isinstance(tools, FakeTools)
    lost = replace(made.client, tools=replace(tools, gone=frozenset({gone})))
    with pytest.raises(NotReproduced, match="cannot be rebuilt") as caught:
        await reproduce_release(replace(made, client=lost), RELEASE, [DEVELOPER])
    assert f"crane: {gone} is not served any more" in str(caught.value)


async def test_another_slipway_is_noted_whatever_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    made = await again()
    monkeypatch.setattr(reproducing, "fingerprint", lambda: "sha256:another")
    assert "made by another Slipway: sha256:" in await reproduce_release(made, RELEASE, [DEVELOPER])
    made = await again(compare_image=Reply(exit_code=5, stdout='["x"]'))
    with pytest.raises(NotReproduced, match="this is sha256:another"):
        await reproduce_release(made, RELEASE, [DEVELOPER])


async def test_everything_that_cannot_be_rebuilt_is_raised_together() -> None:
    made = await again(train=Reply(exit_code=1), plan=Reply(exit_code=4, stderr="Error: provider"))
    with pytest.raises(ExceptionGroup) as caught:
        await reproduce_release(made, RELEASE, [DEVELOPER])
    assert "2 things failed" in str(one([caught.value]))
