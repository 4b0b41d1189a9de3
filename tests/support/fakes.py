"""What the pipeline reaches the engine through, in memory: tools, stages, signers, Git.

Each subclasses the interface and overrides only what would ask an engine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio.lowlevel
import dagger
from slipway.artifacts.git import Commit, History
from slipway.errors import ConfigError, StageFailed
from slipway.runtime.images import ToolImage
from slipway.runtime.stage import Outcome, RunTrace, Stage, StageRunner
from slipway.runtime.tools import Tools
from slipway.signers.base import Signer
from slipway.signers.verifier import Verifier

from .fake_dagger import FakeContainer, FakeDirectory, Printed


@dataclass(frozen=True, kw_only=True)
class FakeTools(Tools):
    """Tool containers in memory: `content` is in each of them, `gone` are images that are served no more."""

    content: Mapping[str, Any] = field(default_factory=dict)
    printed: Mapping[str, Printed] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    own: Callable[[tuple[str, ...]], dagger.Directory] = field(
        default=lambda folders: FakeDirectory({f"slipway/{name}/x.py": "" for name in folders})
    )

    def image(self, image: ToolImage) -> dagger.Container:
        """The tool's own image."""
        return FakeContainer(
            self.content, address=self.reference(image), printed=self.printed, gone=self.gone
        )


@dataclass(frozen=True, kw_only=True)
class Reply:
    """How a stage goes: its exit code, output and files; `after` other tasks had that many turns."""

    exit_code: int = 0
    stdout: str = ""
    stderr: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)
    printed: Mapping[str, Printed] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.5
    after: int = 0


Answer = Reply | Exception | Callable[[Stage], Reply]


class FakeRunner(StageRunner):
    """Answers stages by their names, and keeps them in the order in which they began.

    `registry` answers the stages that have no reply of their own and talk to a registry.
    """

    def __init__(
        self,
        replies: Mapping[str, Answer],
        registry: Callable[[Stage], Reply] | None = None,
    ) -> None:
        super().__init__(RunTrace())
        self.replies = dict(replies)
        self.registry = registry
        self.stages: list[Stage] = []

    @property
    def names(self) -> list[str]:
        """The names of the stages that ran."""
        return [stage.name for stage in self.stages]

    def stage(self, name: str) -> Stage:
        """The one stage of that name that ran."""
        (stage,) = (each for each in self.stages if each.name == name)
        return stage

    async def run(self, stage: Stage) -> Outcome:
        """The reply; a code that the stage does not accept is a crash."""
        self.stages.append(stage)
        started = time.time()
        reply = self._reply(stage)
        for _ in range(reply.after):
            await anyio.lowlevel.checkpoint()
        if reply.exit_code not in stage.accept:
            raise StageFailed(
                stage.name,
                exit_code=reply.exit_code,
                tail=reply.stderr,
                debug=stage.debug_command,
            )
        self.trace.record(stage.name, started=started, seconds=reply.seconds, after=stage.after)
        return Outcome(
            exit_code=reply.exit_code,
            stdout=reply.stdout,
            stderr=reply.stderr,
            container=FakeContainer(reply.content, printed=reply.printed),
            seconds=reply.seconds,
            versions=dict.fromkeys(stage.versions, "1.0") | dict(reply.versions),
        )

    def _reply(self, stage: Stage) -> Reply:
        answer = self.replies.get(stage.name, self.registry)
        if answer is None:
            raise AssertionError(f"nobody answers the stage {stage.name}")
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Reply) else answer(stage)


def text_in(stage: Stage, path: str) -> str:
    """The text of a file that a stage's container has."""
    container = stage.container
    assert isinstance(container, FakeContainer), container
    text = container.file(path).text
    assert text is not None, f"{stage.name} has no {path}"
    return text


@dataclass(frozen=True, kw_only=True)
class FakeSigner(Signer):
    """Signs as a name; `error` is raised where its key would be opened, `folders` says whether it signs folders."""

    name: str = "developer"
    error: Exception | None = None
    folders: bool = True

    @property
    def options(self) -> tuple[str, ...]:
        """cosign's options, which FakeRegistry understands."""
        return ("--key", self.pem)

    @property
    def secret_options(self) -> tuple[str, ...]:
        """No secret."""
        return ()

    @property
    def pem(self) -> str:
        """Its public key."""
        return f"PEM of {self.name}"

    def mounted(self, container: dagger.Container) -> dagger.Container:
        """The container as it is."""
        return container

    async def verifier(self, tools: Tools, runner: StageRunner) -> Verifier:
        """Its public key, if it can be opened."""
        del tools, runner
        if self.error is not None:
            raise self.error
        return Verifier(pem=self.pem)

    def model_signing_options(self) -> tuple[str, ...] | None:
        """The options for a folder."""
        return self.options if self.folders else None


@dataclass(frozen=True, kw_only=True)
class FakeHistory(History):
    """A history of one commit, with the tree that Git has of it; `changes` are what the work tree has beside."""

    commit: Commit
    tree: dagger.Directory
    changes: tuple[str, ...] = ()
    container: dagger.Container = field(default_factory=FakeContainer)

    async def last(self, paths: Sequence[str]) -> Commit:
        """The commit."""
        del paths
        return self.commit

    async def head_and_changes(self) -> tuple[Commit, tuple[str, ...]]:
        """The commit and the changes."""
        return self.commit, self.changes

    async def at(self, sha: str) -> tuple[dagger.Directory, History]:
        """The tree, if it is of this commit."""
        if sha != self.commit.sha:
            raise ConfigError(f"this repository does not hold the commit {sha}")
        return self.tree, self
