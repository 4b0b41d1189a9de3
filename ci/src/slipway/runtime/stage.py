"""One step of the pipeline: a container, what it reads, and the command that runs in it.

A stage's answer (also a bad one: tests that fail, a scan with findings) is an `Outcome`, a value that the engine
may cache. A stage that crashed, or could not do its work, is an error: StageFailed, with the end of its output and
the command that opens a shell in it.
"""

import datetime as dt
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import dagger
from opentelemetry import trace

from ..errors import StageFailed
from ..formats.timings import StageTime
from .memo import memoize

OUT: Final = "/stage"
CACHE_KEY: Final = "SLIPWAY_CACHE_KEY"
TRACER: Final = trace.get_tracer(__name__)


@dataclass(frozen=True, kw_only=True)
class CacheRule:
    """When the engine may answer a stage from its cache: always for the same inputs and `key`.

    Use the three functions below; the key is what tells two runs of the same command apart.
    """

    name: str
    key: str = ""


def by_key(key: str = "") -> CacheRule:
    """The same inputs and the same key give the same answer."""
    return CacheRule(name="by key", key=key)


def daily() -> CacheRule:
    """The answer holds for a day (UTC): what the stage asks changes without its inputs changing."""
    return CacheRule(name="daily", key=dt.datetime.now(dt.UTC).date().isoformat())


def never() -> CacheRule:
    """The stage acts on the world, or asks how it is now: it runs every time."""
    return CacheRule(name="never", key=uuid.uuid4().hex)


@dataclass(frozen=True, kw_only=True)
class Input:
    """A file or folder that a stage reads at `path`, and the stages that made it; none for the project's own files."""

    path: str
    content: dagger.Directory | dagger.File
    made_by: tuple[str, ...] = ()
    owner: str = ""

    def mounted(self, container: dagger.Container) -> dagger.Container:
        """The container with it in place."""
        if isinstance(self.content, dagger.File):
            return container.with_mounted_file(self.path, self.content, owner=self.owner)
        return container.with_mounted_directory(self.path, self.content, owner=self.owner)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a stage went: its exit code, output and files, how many seconds it took, and the versions of its tools."""

    exit_code: int
    stdout: str
    stderr: str
    container: dagger.Container
    seconds: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)

    @memoize
    def file(self, path: str) -> dagger.File:
        """A file that the stage left."""
        return self.container.file(path)

    @memoize
    def directory(self, path: str) -> dagger.Directory:
        """A folder that the stage left."""
        return self.container.directory(path)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A step before it runs.

    `inputs` are what it reads, `gated_by` stages that have to end first although it reads nothing of theirs; `accept`
    are the exit codes that are an answer rather than a crash; `versions` names the tools whose versions are recorded
    (steps.stage, --version-of).
    """

    name: str
    container: dagger.Container
    argv: tuple[str, ...]
    inputs: tuple[Input, ...] = ()
    gated_by: tuple[str, ...] = ()
    cache: CacheRule = field(default_factory=by_key)
    accept: tuple[int, ...] = (0,)
    seconds: int = 900
    versions: tuple[str, ...] = ()

    @property
    def after(self) -> tuple[str, ...]:
        """The stages that this one waits for, each once."""
        makers = (name for each in self.inputs for name in each.made_by)
        return tuple(dict.fromkeys([*makers, *self.gated_by]))

    @property
    def debug_command(self) -> str:
        """The command that opens a shell in this stage, with its files, right before its step."""
        return f"dagger call debug --stage {self.name} terminal"

    @memoize
    def loaded(self) -> dagger.Container:
        """The container with everything in place for the step."""
        container = self.container
        for each in self.inputs:
            container = each.mounted(container)
        if self.cache.key:
            container = container.with_env_variable(CACHE_KEY, self.cache.key)
        return container

    def finished(self) -> dagger.Container:
        """The container after the step; nothing runs until something of it is asked for."""
        accept = ",".join(str(code) for code in self.accept)
        asked = [word for name in self.versions for word in ("--version-of", name)]
        return self.loaded().with_exec(
            [
                "python", "-m", "slipway.steps.stage",
                "--name", self.name, "--out", OUT, "--accept", accept, "--timeout", str(self.seconds),
                *asked, "--", *self.argv,
            ]
        )  # fmt: skip

    def prepared(self) -> dagger.Container:
        """The container for a person: a shell, and the step's command in /stage/COMMAND."""
        return (
            self.loaded()
            .with_new_file(f"{OUT}/COMMAND", " ".join(self.argv) + "\n")
            .with_env_variable("PS1", f"{self.name}: ")
            .with_default_terminal_cmd(["bash"])
        )


class RunTrace:
    """When a run began, and how each of its stages went: what the report's table of times is made from."""

    def __init__(self, began: float | None = None) -> None:
        self.began = time.time() if began is None else began
        self._times: list[StageTime] = []

    @property
    def times(self) -> tuple[StageTime, ...]:
        """The stages so far, in the order in which they ended."""
        return tuple(self._times)

    def record(
        self, name: str, *, started: float, seconds: float, after: Sequence[str] = ()
    ) -> None:
        """Add a stage; one that started before this run began came from the cache, and cost this run nothing."""
        cached = started < self.began
        self._times.append(
            StageTime(
                name=name,
                started=time.time() if cached else started,
                seconds=0.0 if cached else seconds,
                cached=cached,
                after=tuple(after),
            )
        )


class StageRunner:
    """Runs stages on the engine, and traces them."""

    def __init__(self, trace: RunTrace | None = None) -> None:
        self.trace = trace or RunTrace()

    async def run(self, stage: Stage) -> Outcome:
        """Run a stage and trace it; raises StageFailed where it crashed."""
        with TRACER.start_as_current_span(stage.name):
            container = stage.finished()
            try:
                record = json.loads(await _retried(container.file(f"{OUT}/stage.json")))
            except dagger.ExecError as error:
                raise StageFailed(
                    stage.name,
                    exit_code=error.exit_code,
                    tail=error.stderr or error.stdout,
                    debug=stage.debug_command,
                ) from error
        self.trace.record(
            stage.name, started=record["started"], seconds=record["seconds"], after=stage.after
        )
        return Outcome(
            exit_code=record["exit_code"],
            stdout=record["stdout"],
            stderr=record["stderr"],
            container=container,
            seconds=record["seconds"],
            versions=record.get("versions", {}),
        )

    async def run_to_success(self, stage: Stage) -> Outcome:
        """Run a stage whose only useful answer is 0; raises StageFailed for every other."""
        outcome = await self.run(stage)
        if outcome.exit_code:
            raise StageFailed(
                stage.name,
                exit_code=outcome.exit_code,
                tail=outcome.stderr,
                debug=stage.debug_command,
            )
        return outcome


async def _retried(file: dagger.File) -> str:
    """The file's content; asked for again where the engine lost the result of a step while it stored it.

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
