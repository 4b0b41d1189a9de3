"""What a gate is, how it is judged, and what a failed one stops.

A gate is a value: what it looks at, the stage that looks, and the reader of what the stage left. It never throws: one
that crashed, timed out or lacks its data gives the verdict *not evaluated*.
"""

import datetime as dt
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

import dagger

from ..artifacts.image import Image
from ..artifacts.source import Source
from ..config.project import Project
from ..errors import GateFailed, StageFailed
from ..oci.digests import Digest
from ..runtime.concurrency import concurrently
from ..runtime.images import ToolImage
from ..runtime.stage import Input, Outcome, Stage, StageRunner
from ..runtime.tools import slipway_version
from ..verdicts.report import explain
from ..verdicts.tool_output import Context, ToolOutput
from ..verdicts.verdict import Severity, Status, Verdict, WhenNotEvaluated, overall

# Whose version a verdict names where no scanner ran: Slipway's own, or the service's, which is its commit.
SLIPWAY: Final = "slipway"
SERVICE: Final = "service"

Read = Callable[[ToolOutput, Context], Verdict]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What gates look at: a part of a project, by the digest or commit that their verdicts are about."""

    source: Source
    digest: str = ""
    commit: str = ""


@dataclass(frozen=True, kw_only=True)
class SourceTree(Subject):
    """A source tree, before anything is built; `advisories` is a local OSV database."""

    advisories: dagger.Directory | None = None


@dataclass(frozen=True, kw_only=True)
class TrainedModel(Subject):
    """The files of a model; `stage` renames the stages of its gates where two models are judged in one run."""

    files: Input
    stage: str = ""

    @property
    def directory(self) -> dagger.Directory:
        """The files as a folder."""
        if not isinstance(self.files.content, dagger.Directory):
            raise TypeError("the files of a model are a folder")
        return self.files.content


@dataclass(frozen=True, kw_only=True)
class ModelPair(Subject):
    """A new model (challenger) and the last released one (champion); `answer` stands where they need no comparison."""

    challenger: Input
    champion: Input | None = None
    answer: "Answer | None" = None


@dataclass(frozen=True, kw_only=True)
class BuiltImage(Subject):
    """An assembled image."""

    image: Image


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a gate concludes without running its stage."""

    status: Status
    summary: str


@dataclass(frozen=True, kw_only=True)
class ToolData:
    """What a tool knows beside itself: of which day that is, and its digest where it is at hand as files."""

    day: dt.date | None = None
    digest: Digest | None = None


S = TypeVar("S", bound=Subject)


def fixed(severity: Severity) -> Callable[[Project], Severity]:
    """The threshold of a gate that no project chooses: findings from this severity on count."""
    return lambda _: severity


LOWEST: Final = fixed(Severity.LOW)


def declared(project: Project) -> Severity:
    """The threshold that a project declares for known vulnerabilities."""
    return project.gates.vulnerabilities


def always(project: Project) -> bool:
    """The condition of gates that every project has."""
    del project
    return True


@dataclass(frozen=True, kw_only=True)
class Gate(Generic[S]):
    """One thing that is checked before a release.

    `name` is also its stage's name; `title` says in a few words what it looks for. `subject` is what it looks at, a
    subclass of Subject. `stage` makes the step that looks; a gate without one reads `content`. `read` turns what was
    left (the file `report`, else standard output) into a verdict; `reader` makes one that depends on the subject.

    `version` says how the tool's version is had: `package:NAME` or `command:ARGV` (steps.stage, --version-of), SLIPWAY
    or SERVICE. `images` and `locks` name the tool images and the locks of ours that it needs beside Python: they go
    into the provenance. A gate that `needs_outside` data may be unable to look; all others have no excuse.

    `beforehand` may answer without running anything; `container` takes the place of the stage's container where that
    saves time and the answer is the same; `data` says what the tool knew.
    """

    name: str
    title: str
    subject: type[S]
    tool: str
    version: str = SLIPWAY
    read: Read | None = None
    reader: Callable[[S], Read] | None = None
    stage: Callable[[S], Stage] | None = None
    content: Callable[[S], Awaitable[str]] | None = None
    report: str = ""
    images: tuple[ToolImage, ...] = ()
    locks: tuple[str, ...] = ()
    needs_outside: bool = False
    has_data: bool = False
    threshold: Callable[[Project], Severity] = LOWEST
    applies: Callable[[Project], bool] = always
    beforehand: Callable[[S], Awaitable[Answer | None]] | None = None
    container: Callable[[S], Awaitable[dagger.Container]] | None = None
    data: Callable[[S, Outcome], Awaitable[ToolData]] | None = None

    def reads(self, subject: S) -> Read:
        """How its output is read for a subject."""
        if self.reader is not None:
            return self.reader(subject)
        if self.read is None:
            raise TypeError(f"the gate {self.name} has no reader")
        return self.read


async def judge(gate: Gate[S], subject: S, runner: StageRunner) -> Verdict:
    """Run one gate; whatever happens, its answer is a verdict that names subject, time, seconds and tool version."""
    project = subject.source.project
    context = Context(
        gate=gate.name,
        today=today(),
        threshold=gate.threshold(project),
        waivers=project.gates.ignore,
        subject=subject.digest or None,
        tool_version=_declared_version(gate, subject),
    )
    began = time.monotonic()
    verdict = await _judged(gate, subject, context, runner)
    seconds = round(time.monotonic() - began, 3) if verdict.seconds is None else verdict.seconds
    return replace(verdict, seconds=seconds, time=now())


async def judge_all(
    gates: Sequence[Gate[S]], subject: S, runner: StageRunner
) -> tuple[Verdict, ...]:
    """Run the gates that apply to a subject's project, side by side; the verdicts come in the order of the gates."""
    project = subject.source.project
    applying = [gate for gate in gates if gate.applies(project)]
    return await concurrently(*(judge(gate, subject, runner) for gate in applying))


async def _judged(gate: Gate[S], subject: S, context: Context, runner: StageRunner) -> Verdict:
    answer = await gate.beforehand(subject) if gate.beforehand is not None else None
    if answer is not None and answer.status is Status.NOT_EVALUATED:
        return context.not_evaluated(gate.tool, answer.summary)
    if answer is not None:
        return context.verdict(gate.tool, answer.status, answer.summary)
    read = gate.reads(subject)
    if gate.stage is None:
        content = await gate.content(subject) if gate.content is not None else ""
        return read(ToolOutput(exit_code=0, report=content), context)
    try:
        outcome = await runner.run(await _prepared(gate, gate.stage(subject), subject))
    except StageFailed as error:
        reason = f"exit code {error.exit_code}, {last_line(error.tail)}"
        return context.not_evaluated(gate.tool, reason)
    report = await _report(gate, outcome)
    data = await gate.data(subject, outcome) if gate.data is not None else ToolData()
    output = ToolOutput(exit_code=outcome.exit_code, report=report, stderr=outcome.stderr)
    version = next((each for each in outcome.versions.values() if each), context.tool_version)
    return read(
        output,
        replace(
            context,
            data_date=data.day,
            data_digest=data.digest,
            seconds=outcome.seconds,
            tool_version=version,
        ),
    )


async def _prepared(gate: Gate[S], stage: Stage, subject: S) -> Stage:
    if gate.container is not None:
        stage = replace(stage, container=await gate.container(subject))
    asked = (gate.version,) if gate.version not in (SLIPWAY, SERVICE) else ()
    return replace(stage, versions=asked)


async def _report(gate: Gate[S], outcome: Outcome) -> str:
    if not gate.report:
        return outcome.stdout
    if not await outcome.container.exists(gate.report):
        return ""
    return await outcome.file(gate.report).contents()


def _declared_version(gate: Gate[S], subject: S) -> str:
    """The version that is known without running the tool."""
    if gate.version == SLIPWAY:
        return slipway_version()
    if gate.version == SERVICE:
        return subject.commit[:12]
    tools = subject.source.tools
    references = [tools.reference(image) for image in gate.images[:1]]
    tags = [reference.partition("@")[0].rpartition(":")[2] for reference in references]
    return tags[0].removeprefix("v") if tags else ""


def not_evaluated(gate: Gate[S], subject: S, reason: str) -> Verdict:
    """The verdict of a gate that cannot be asked, for a reason that its caller knows."""
    context = Context(
        gate=gate.name,
        today=today(),
        subject=subject.digest or None,
        tool_version=_declared_version(gate, subject),
        seconds=0.0,
    )
    return replace(context.not_evaluated(gate.tool, reason), time=now())


def last_line(output: str) -> str:
    """The last error that a crashed tool printed, short enough for a table; the engine's log has all of it."""
    lines = [" ".join(line.split()) for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if "FATAL" in line or "rror" in line]
    last = (errors or lines or ["it printed nothing"])[-1]
    return last if len(last) <= 120 else "… " + last[-118:]


def require(
    verdicts: Sequence[Verdict], rule: WhenNotEvaluated, required: Sequence[str] = ()
) -> None:
    """Raise GateFailed with every gate that stops the run.

    No verdicts at all stop it, and so does a gate of `required` that could not look: whatever the project allows, those
    need nothing from outside.
    """
    if overall(verdicts, not_evaluated=rule, required=required) is not Status.FAILED:
        return
    reasons = explain(verdicts, not_evaluated=rule, required=required) or "no gate has looked"
    stages = [
        verdict.gate
        for verdict in verdicts
        if verdict.status is Status.FAILED or verdict.gate in required
        if verdict.status is not Status.PASSED
    ]
    shells = "\n".join(f"  dagger call debug --stage {name} terminal" for name in stages)
    remedy = f"To look into it, in a shell with its files:\n{shells}" if stages else ""
    raise GateFailed(reasons, verdicts=verdicts, remedy=remedy)


def now() -> dt.datetime:
    """This moment, in UTC."""
    return dt.datetime.now(dt.UTC)


def today() -> dt.date:
    """The day, in UTC: the last one of a waiver is named by it."""
    return now().date()
