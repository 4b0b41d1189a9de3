"""Judging a gate: whatever happens to its stage, the answer is a verdict that says all there is to know."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest
from slipway.errors import GateFailed
from slipway.gates import GATES, gate_named, gates_of, required
from slipway.gates.base import (
    Answer,
    BuiltImage,
    Gate,
    SourceTree,
    Subject,
    ToolData,
    TrainedModel,
    judge,
    judge_all,
    last_line,
    not_evaluated,
    require,
    today,
)
from slipway.oci.digests import Digest
from slipway.runtime.stage import Input, Outcome, Stage
from slipway.verdicts.tool_output import Context, ToolOutput
from slipway.verdicts.verdict import Status, Verdict, WhenNotEvaluated

from tests.support.fake_dagger import FakeContainer, FakeDirectory, FakeFile
from tests.support.fakes import Answer as StageAnswer
from tests.support.fakes import FakeRunner, Reply
from tests.unit.pipeline.building import COMMIT, DATA, gate_replies, project, source

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("client_in_memory")]

TREE = SourceTree(source=source(), commit=COMMIT.sha, digest=COMMIT.sha)


def stage(subject: Subject) -> Stage:
    """A stage that looks."""
    return Stage(
        name="look", container=subject.source.tools.python(), argv=("look",), accept=(0, 1)
    )


def read(output: ToolOutput, context: Context) -> Verdict:
    """A reader that passes what the tool printed on."""
    status = Status.FAILED if output.exit_code else Status.PASSED
    return context.verdict("looker", status, output.report or "nothing")


LOOK: Gate[SourceTree] = Gate(
    name="look", title="looks", subject=SourceTree, tool="looker", version="command:look", stage=stage, read=read,
)  # fmt: skip


async def judged(gate: Gate[SourceTree], answer: StageAnswer | None = None) -> Verdict:
    """The verdict where the stage goes in some way."""
    return await judge(gate, TREE, FakeRunner({"look": answer} if answer else {}))


async def test_a_verdict_says_what_was_looked_at_by_which_tool_how_long_and_when() -> None:
    verdict = await judged(LOOK, Reply(stdout="ok", seconds=2.5, versions={"command:look": "9.1"}))
    assert (verdict.gate, verdict.status, verdict.summary) == ("look", Status.PASSED, "ok")
    assert (verdict.tool_version, verdict.seconds, verdict.subject) == ("9.1", 2.5, COMMIT.sha)
    assert verdict.time is not None
    assert verdict.time.tzinfo is dt.UTC


async def test_an_exit_code_that_is_an_answer_is_read() -> None:
    assert (await judged(LOOK, Reply(exit_code=1, stdout="bad"))).status is Status.FAILED


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Reply(exit_code=2, stderr="one\nFATAL no rules\ntwo"), "exit code 2, FATAL no rules"),
        (Reply(exit_code=124, stderr="stopped after 900 s"), "exit code 124, stopped after 900 s"),
        (Reply(exit_code=137), "exit code 137, it printed nothing"),
    ],
)
async def test_a_tool_that_crashed_or_took_too_long_has_not_passed(
    answer: Reply, words: str
) -> None:
    verdict = await judged(LOOK, answer)
    assert verdict.status is Status.NOT_EVALUATED
    assert words in verdict.summary
    assert verdict.seconds is not None
    assert verdict.time is not None


@pytest.mark.parametrize("status", [Status.PASSED, Status.NOT_EVALUATED])
async def test_what_is_answered_beforehand_runs_no_stage(status: Status) -> None:
    async def beforehand(tree: SourceTree) -> Answer:
        del tree
        return Answer(status=status, summary="no need to look")

    verdict = await judged(replace(LOOK, beforehand=beforehand))
    assert verdict.status is status
    assert "no need to look" in verdict.summary
    assert (verdict.tool, verdict.subject) == ("looker", COMMIT.sha)
    assert verdict.seconds is not None


@pytest.mark.parametrize(
    ("content", "summary"), [({"/report": "from the file"}, "from the file"), ({}, "nothing")]
)
async def test_a_gate_with_a_report_reads_the_file_and_not_what_was_printed(
    content: dict[str, Any], summary: str
) -> None:
    reply = Reply(stdout="printed", content=content)
    assert (await judged(replace(LOOK, report="/report"), reply)).summary == summary


async def test_what_a_tool_knew_stands_in_its_verdict() -> None:
    async def data(tree: SourceTree, outcome: Outcome) -> ToolData:
        del tree, outcome
        return ToolData(day=dt.date(2026, 11, 1), digest=Digest.of(b"data"))

    verdict = await judged(replace(LOOK, data=data), Reply(stdout="ok"))
    assert (verdict.data_date, verdict.data_digest) == (dt.date(2026, 11, 1), Digest.of(b"data"))


async def test_a_gate_may_have_another_container_with_the_same_stage() -> None:
    async def container(tree: SourceTree) -> FakeContainer:
        del tree
        return FakeContainer({"/warm": "cache"})

    runner = FakeRunner({"look": Reply(stdout="ok")})
    await judge(replace(LOOK, container=container), TREE, runner)
    assert isinstance(runner.stage("look").container, FakeContainer)
    assert await runner.stage("look").container.exists("/warm")


async def test_a_gate_without_a_stage_reads_content() -> None:
    async def content(tree: SourceTree) -> str:
        del tree
        return "content"

    assert (await judged(replace(LOOK, stage=None, content=content))).summary == "content"
    assert (await judged(replace(LOOK, stage=None))).summary == "nothing"


async def test_a_gate_without_a_reader_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="the gate look has no reader"):
        await judged(replace(LOOK, read=None))


async def test_gates_that_a_project_does_not_have_are_left_out() -> None:
    never = replace(LOOK, name="never", applies=lambda _project: False)
    runner = FakeRunner({"look": Reply(stdout="ok")})
    assert [each.gate for each in await judge_all([never, LOOK], TREE, runner)] == ["look"]


async def test_verdicts_come_in_the_order_of_the_gates() -> None:
    answers = gate_replies() | {"lint": Reply(stdout="[]", after=30)}
    runner = FakeRunner(answers)
    verdicts = await judge_all(gates_of(SourceTree), TREE, runner)
    assert [each.gate for each in verdicts] == [gate.name for gate in gates_of(SourceTree)]
    assert runner.trace.times[-1].name == "lint"


async def test_nothing_to_look_at_for_secrets_has_not_passed() -> None:
    empty = replace(TREE, source=replace(source(), tree=FakeDirectory()))
    verdict = await judge(gate_named("secrets", SourceTree), empty, FakeRunner({}))
    assert verdict.status is Status.NOT_EVALUATED


async def test_a_database_of_vulnerabilities_is_named_by_its_day_and_digest() -> None:
    gate = gate_named("image-vulnerabilities", BuiltImage)
    assert gate.data is not None
    printed = {
        "trivy": json.dumps({"VulnerabilityDB": {"UpdatedAt": "2026-11-20T00:00:00Z"}}),
        "sha256sum": f"{'0' * 64}  trivy.db\n",
    }
    built: Any = TREE
    for content in ({}, {"/var/cache/trivy/db/trivy.db": "db"}):
        container = FakeContainer(content, printed=printed)
        outcome = Outcome(exit_code=0, stdout="", stderr="", container=container)
        known = await gate.data(built, outcome)
        assert known.day == dt.date(2026, 11, 20)
        assert (known.digest is not None) == bool(content)


async def test_a_local_database_of_advisories_is_named_by_its_day_and_digest() -> None:
    printed = {"python": json.dumps({"day": "2026-11-20", "digest": f"sha256:{'0' * 64}"})}
    tree = replace(TREE, source=source(printed=printed), advisories=FakeDirectory())
    runner = FakeRunner(gate_replies())
    verdict = await judge(gate_named("dependencies", SourceTree), tree, runner)
    assert verdict.data_date == dt.date(2026, 11, 20)
    assert "--offline" in runner.stage("dependencies").argv


async def test_public_advisories_that_did_not_answer_are_of_no_day() -> None:
    answers = gate_replies() | {"dependencies": Reply(exit_code=127, stderr="no network")}
    verdict = await judge(gate_named("dependencies", SourceTree), TREE, FakeRunner(answers))
    assert (verdict.status, verdict.data_date) == (Status.NOT_EVALUATED, None)


def test_files_of_a_model_are_a_folder() -> None:
    files = Input(path="/model", content=FakeFile(DATA))
    with pytest.raises(TypeError, match="are a folder"):
        _ = TrainedModel(source=source(), files=files).directory


def test_a_gate_that_is_not_asked_has_a_verdict_that_says_why() -> None:
    verdict = not_evaluated(LOOK, TREE, "the registry is down")
    assert (verdict.status, verdict.seconds, verdict.subject) == (
        Status.NOT_EVALUATED, 0.0, COMMIT.sha,
    )  # fmt: skip
    assert "the registry is down" in verdict.summary


def test_every_required_gate_needs_nothing_from_outside() -> None:
    names = required(project())
    assert set(names) == {gate.name for gate in GATES if not gate.needs_outside}
    assert required(project(), TrainedModel) == ("model", "model-files")


@pytest.mark.parametrize(
    ("status", "needed", "rule", "stops"),
    [
        (Status.PASSED, True, WhenNotEvaluated.FAIL, False),
        (Status.FAILED, False, WhenNotEvaluated.ALLOW, True),
        (Status.NOT_EVALUATED, False, WhenNotEvaluated.ALLOW, False),
        (Status.NOT_EVALUATED, False, WhenNotEvaluated.FAIL, True),
        (Status.NOT_EVALUATED, True, WhenNotEvaluated.ALLOW, True),
    ],
)
def test_what_stops_a_run(
    status: Status, needed: bool, rule: WhenNotEvaluated, stops: bool
) -> None:
    # Something has to have passed: a run in which no gate could look is stopped, whatever is allowed.
    passed = Verdict(gate="other", status=Status.PASSED, summary="x")
    verdicts = [passed, Verdict(gate="look", status=status, summary="x")]
    names = ("look",) if needed else ()
    if not stops:
        require(verdicts, rule, names)
        return
    with pytest.raises(GateFailed, match="look"):
        require(verdicts, rule, names)


@pytest.mark.parametrize("statuses", [[], [Status.NOT_EVALUATED]])
def test_a_run_in_which_nothing_passed_is_stopped(statuses: list[Status]) -> None:
    with pytest.raises(GateFailed):
        require(
            [Verdict(gate="look", status=each, summary="x") for each in statuses],
            WhenNotEvaluated.ALLOW,
        )


def test_the_last_error_of_a_tool_fits_into_a_table() -> None:
    assert last_line("a\nError: b\nc\n") == "Error: b"
    assert last_line("x" * 500) == "… " + "x" * 118
    assert today() == dt.datetime.now(dt.UTC).date()
