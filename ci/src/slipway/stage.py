"""One step of the pipeline: a container with everything in place, and the command that is run in it.

A stage's answer (also a bad one: tests that fail, a scan with findings) is an `Outcome`, a value that the engine
may cache. A stage that crashed, or could not do its work, is an error: StageFailed, with the end of its output and
the command that opens a shell in it.
"""

import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import anyio
import dagger
from opentelemetry import trace

from .domain.timings import StageTime
from .errors import StageFailed, flatten
from .once import once

OUT: Final = "/stage"
TRACER: Final = trace.get_tracer(__name__)
Job = Callable[[], Awaitable[None]]


@dataclass(kw_only=True)
class Journal:
    """When this run began, and how each stage of it went: what the report's table of times is made from."""

    began: float = field(default_factory=time.time)
    times: list[StageTime] = field(default_factory=list)

    def note(self, name: str, *, started: float, seconds: float, after: Sequence[str] = ()) -> None:
        """Write down a stage; one that started before this run began was answered from the cache, and cost this run
        nothing."""
        cached = started < self.began
        self.times.append(
            StageTime(
                name=name,
                started=time.time() if cached else started,
                seconds=0.0 if cached else seconds,
                cached=cached,
                after=tuple(after),
            )
        )


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a stage went: its exit code, what it printed, and the files it left."""

    exit_code: int
    stdout: str
    stderr: str
    container: dagger.Container

    @once
    def file(self, path: str) -> dagger.File:
        """A file that the stage left."""
        return self.container.file(path)

    @once
    def directory(self, path: str) -> dagger.Directory:
        """A folder that the stage left."""
        return self.container.directory(path)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A step before it is run.

    `accept` are the exit codes that are an answer rather than a crash; `after` names the stages it waits for;
    `ask` is what a person types to get to this stage's container.
    """

    name: str
    container: dagger.Container
    argv: tuple[str, ...]
    accept: tuple[int, ...] = (0,)
    seconds: int = 900
    after: tuple[str, ...] = ()

    @property
    def ask(self) -> str:
        """The command that opens a shell in this stage, with its files, right before its step."""
        return f"dagger call debug --stage {self.name} terminal"

    def finished(self) -> dagger.Container:
        """The container after the step; nothing runs until something of it is asked for."""
        accept = ",".join(str(code) for code in self.accept)
        return self.container.with_exec(
            [
                "python", "-m", "slipway.inside.stage",
                "--name", self.name, "--out", OUT, "--accept", accept, "--timeout", str(self.seconds),
                "--", *self.argv,
            ]
        )  # fmt: skip

    def prepared(self) -> dagger.Container:
        """The container for a person: a shell, and the step's command in /stage/COMMAND."""
        return (
            self.container.with_new_file(f"{OUT}/COMMAND", " ".join(self.argv) + "\n")
            .with_env_variable("PS1", f"{self.name}: ")
            .with_default_terminal_cmd(["bash"])
        )

    async def run(self, journal: Journal) -> Outcome:
        """Run the step and note its time; raise StageFailed where it crashed."""
        with TRACER.start_as_current_span(self.name):
            container = self.finished()
            try:
                record = json.loads(await _once_more(container.file(f"{OUT}/stage.json")))
            except dagger.ExecError as error:
                raise StageFailed(
                    self.name,
                    exit_code=error.exit_code,
                    tail=error.stderr or error.stdout,
                    debug=self.ask,
                ) from error
            journal.note(
                self.name, started=record["started"], seconds=record["seconds"], after=self.after
            )
        return Outcome(
            exit_code=record["exit_code"],
            stdout=record["stdout"],
            stderr=record["stderr"],
            container=container,
        )


async def _once_more(file: dagger.File) -> str:
    """The file's content; asked for again where the engine lost the result of a step while it put it away.

    Engine 0.19.10 may collect a snapshot that it is about to commit ("failed to stat active key during commit"), when
    it is short of space. Nothing is wrong with the step then, and every step of ours may be run again.
    """
    try:
        return await file.contents()
    except dagger.ExecError:
        raise
    except dagger.QueryError as error:
        if "during commit" not in str(error):
            raise
    return await file.contents()


async def expect_success(stage: Stage, journal: Journal) -> Outcome:
    """Run a stage of which nothing but 0 is any use; raise StageFailed for every other answer."""
    outcome = await stage.run(journal)
    if outcome.exit_code:
        raise StageFailed(
            stage.name, exit_code=outcome.exit_code, tail=outcome.stderr, debug=stage.ask
        )
    return outcome


async def side_by_side(*jobs: Job) -> None:
    """Run independent jobs at once, all to their end; raise every failure together as an ExceptionGroup."""
    failures: list[BaseException] = []

    async def guarded(job: Job) -> None:
        # Each failure is kept rather than raised: raising would cancel the siblings, and a person would
        # mend one thing only to be told of the next.
        try:
            await job()
        except Exception as error:
            failures.extend(flatten(error))

    async with anyio.create_task_group() as group:
        for job in jobs:
            group.start_soon(guarded, job)
    if failures:
        raise ExceptionGroup("stages failed", [e for e in failures if isinstance(e, Exception)])
