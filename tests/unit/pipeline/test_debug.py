"""Every stage can be had by its name."""

from __future__ import annotations

import pytest
from slipway.errors import ConfigError
from slipway.gates import GATES
from slipway.pipeline.debug import Debugger, stage_named, stage_names
from slipway.pipeline.release import make_release

from tests.support.fake_dagger import FakeContainer
from tests.support.fakes import FakeHistory, FakeRunner

from .building import COMMIT, job, replies, runner, source, tree

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("client_in_memory")]

# What acts on a registry has no place in a shell; the others belong to a release that exists.
NEVER = ("lookup", "sign-model", "pack-release", "publish-", "verify-", "tag")


def debugger() -> Debugger:
    """A debugger of the reference project."""
    return Debugger(
        source=source(),
        history=FakeHistory(commit=COMMIT, tree=tree()),
        runner=FakeRunner(replies()),
    )


@pytest.mark.parametrize("name", stage_names())
async def test_every_name_gives_the_stage_of_that_name(name: str) -> None:
    stage = await stage_named(debugger(), name)
    assert stage.name == name
    assert f"--stage {name} terminal" in stage.debug_command
    prepared = stage.prepared()
    assert isinstance(prepared, FakeContainer)
    assert prepared.file("/stage/COMMAND").text == " ".join(stage.argv) + "\n"


async def test_every_stage_of_a_release_that_makes_or_judges_has_a_name() -> None:
    made = job()
    await make_release(made, allow_dirty=False)
    ran = {name for name in runner(made).names if not name.startswith(NEVER)}
    assert ran <= set(stage_names())
    assert {gate.name for gate in GATES if gate.stage is not None} <= set(stage_names())


@pytest.mark.parametrize(
    ("name", "words"),
    [("lnt", "Did you mean lint?"), ("trian", "Did you mean train?"), ("zzz", "There are: lint, ")],
)
async def test_a_name_that_is_not_there_is_answered_with_one_that_is(name: str, words: str) -> None:
    with pytest.raises(ConfigError, match=f"there is no stage '{name}'") as caught:
        await stage_named(debugger(), name)
    assert words in str(caught.value)
