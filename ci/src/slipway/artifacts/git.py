"""What Git says of the tree: the commit, its time, and whether anything differs from it."""

from collections.abc import Sequence
from dataclasses import dataclass

import dagger

from ..errors import ConfigError
from ..runtime.images import GIT
from ..runtime.tools import Tools

_REPO = "/repo"


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A commit: its full SHA and its committer time, seconds of the epoch."""

    sha: str
    epoch: int


@dataclass(frozen=True, kw_only=True)
class History:
    """A work tree with its Git folder, in a container with git."""

    container: dagger.Container

    async def head(self) -> Commit:
        """The commit that is checked out."""
        return await self.last(())

    async def last(self, paths: Sequence[str]) -> Commit:
        """The last commit that changed one of the paths (any, if none is named).

        In a shallow clone that is at the earliest the oldest commit that the clone holds.
        """
        words = (await self._git("log", "-1", "--format=%H %ct", "HEAD", "--", *paths)).split()
        if len(words) != 2:
            return await self.head()
        return Commit(sha=words[0], epoch=int(words[1]))

    async def head_and_changes(self) -> tuple[Commit, tuple[str, ...]]:
        """The commit that is checked out; and the paths that differ from it or that Git does not know, one a line as
        `git status --porcelain` writes them. One step for both: everything else waits for it.
        """
        git = "git -c safe.directory=*"
        script = f"set -f; {git} log -1 --format='%H %ct' HEAD -- && {git} status --porcelain --untracked-files=all"
        head, *changes = (await self._asked("git log", "sh", "-c", script)).splitlines()
        sha, epoch = head.split()
        return Commit(sha=sha, epoch=int(epoch)), tuple(changes)

    async def at(self, sha: str) -> tuple[dagger.Directory, "History"]:
        """The tree of a commit as Git has it, and the history up to that commit.

        Raises ConfigError where the repository does not hold the commit.
        """
        if not await self._holds(sha):
            raise ConfigError(
                f"this repository does not hold the commit {sha}",
                remedy="Fetch it (`git fetch --unshallow`, or `git fetch origin`), or pass --git-dir of another clone",
            )
        command = [
            "git",
            "-c",
            "safe.directory=*",
            "-c",
            "core.autocrlf=false",
            "checkout",
            "--force",
            "--detach",
            sha,
        ]
        # A folder that is mounted is not kept, and nothing that is in the work tree now may stay in it.
        container = (
            self.container.with_directory("/then/.git", self.container.directory(f"{_REPO}/.git"))
            .with_workdir("/then")
            .with_exec(command)
        )
        return container.directory("/then").without_directory(".git"), History(container=container)

    async def _holds(self, sha: str) -> bool:
        command = ["git", "-c", "safe.directory=*", "cat-file", "-e", f"{sha}^{{commit}}"]
        done = self.container.with_exec(command, expect=dagger.ReturnType.ANY)
        return await done.exit_code() == 0

    async def _git(self, *arguments: str) -> str:
        return await self._asked(f"git {arguments[0]}", "git", "-c", "safe.directory=*", *arguments)

    async def _asked(self, name: str, *command: str) -> str:
        try:
            return await self.container.with_exec(list(command)).stdout()
        except dagger.ExecError as error:
            reason = (error.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise ConfigError(
                f"{name} fails: {reason}",
                remedy="Run it in a Git repository with at least one commit",
            ) from error


def open_history(tools: Tools, tree: dagger.Directory, folder: dagger.Directory) -> History:
    """The history of a tree; `folder` is its .git."""
    container = (
        tools.image(GIT)
        .with_mounted_directory(_REPO, tree)
        .with_mounted_directory(f"{_REPO}/.git", folder)
        .with_workdir(_REPO)
    )
    return History(container=container)
