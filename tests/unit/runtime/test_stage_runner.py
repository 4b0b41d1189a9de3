"""The runner of stages: what a step left is an outcome, what could not be run is an error with a command to type."""

from __future__ import annotations

import json
from typing import Any

import pytest
from slipway.errors import StageFailed
from slipway.runtime.stage import RunTrace, Stage, StageRunner

from tests.support.fake_dagger import EngineError, FakeContainer, FakeFile, exec_error

pytestmark = pytest.mark.anyio

RECORD = {"started": 5.0, "seconds": 2.0, "exit_code": 1, "stdout": "out", "stderr": "err"}


class Failing(FakeFile):
    """A file that fails as often as it has errors."""

    def __init__(self, text: str, *errors: Exception) -> None:
        super().__init__(text)
        self.errors = list(errors)

    async def contents(self, **options: Any) -> str:
        if self.errors:
            raise self.errors.pop(0)
        return await super().contents(**options)


def stage(*errors: Exception, **changed: Any) -> Stage:
    """A stage that left its record, after some errors."""
    file = Failing(json.dumps(RECORD | changed), *errors)
    return Stage(
        name="train",
        container=FakeContainer({"/stage/stage.json": file, "/model/x": "weights"}),
        argv=("train",),
        gated_by=("lint",),
        versions=("package:x",),
    )


async def test_what_a_step_left_is_its_outcome_and_its_line_in_the_trace() -> None:
    runner = StageRunner(RunTrace(began=1.0))
    outcome = await runner.run(stage(versions={"package:x": "1.2"}))
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (1, "out", "err")
    assert (outcome.seconds, outcome.versions) == (2.0, {"package:x": "1.2"})
    assert await outcome.file("/model/x").contents() == "weights"
    assert await outcome.directory("/model").entries() == ["x"]
    (line,) = runner.trace.times
    assert (line.name, line.seconds, line.cached, line.after) == ("train", 2.0, False, ("lint",))


async def test_a_step_is_run_with_its_name_its_codes_and_its_versions() -> None:
    container = stage().finished()
    assert isinstance(container, FakeContainer)
    (command,) = (call.arguments[0] for call in container.calls if call.name == "with_exec")
    assert command[:3] == ["python", "-m", "slipway.steps.stage"]
    assert command[command.index("--name") + 1] == "train"
    assert command[command.index("--version-of") + 1] == "package:x"
    assert command[-2:] == ["--", "train"]


async def test_a_crash_is_an_error_with_its_last_words_and_the_command_of_a_shell() -> None:
    runner = StageRunner()
    with pytest.raises(StageFailed) as caught:
        await runner.run(stage(exec_error(137, "out of memory")))
    assert "out of memory" in str(caught.value)
    assert "dagger call debug --stage train terminal" in str(caught.value)
    assert runner.trace.times == ()


async def test_a_stage_whose_only_answer_is_success_fails_with_any_other() -> None:
    with pytest.raises(StageFailed, match="exit code 1") as caught:
        await StageRunner().run_to_success(stage())
    assert caught.value.tail == "err"
    assert (await StageRunner().run_to_success(stage(exit_code=0))).stdout == "out"


async def test_a_result_that_the_engine_lost_is_asked_for_again() -> None:
    lost = EngineError("failed to stat active key during commit")
    assert (await StageRunner().run(stage(lost))).stdout == "out"
    with pytest.raises(EngineError):
        await StageRunner().run(stage(lost, lost))


async def test_another_error_of_the_engine_is_not_asked_for_again() -> None:
    with pytest.raises(EngineError, match="no such file"):
        await StageRunner().run(stage(EngineError("no such file")))
