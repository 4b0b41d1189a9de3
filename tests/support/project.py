"""Copies of the reference project that a test may change, and what a person reads when something fails."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import dagger
from dagger import dag
from slipway.artifacts.git import History, open_history
from slipway.artifacts.source import Source, open_source
from slipway.iac import engine_names
from slipway.runtime.tools import Tools

ROOT = Path(__file__).parents[2]
PARTS = ("slipway.yaml", "policy.yaml", "service", "terraform")
UNWANTED = ("__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".venv", ".terraform")
# The same commit in every session: what was trained for it is in the engine's cache.
CLOCK = "2026-01-01T12:00:00+0000"
IDENTITY = {
    **{f"GIT_{who}_NAME": "Ann" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "ann@example.com" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_DATE": CLOCK for who in ("AUTHOR", "COMMITTER")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


@dataclass(frozen=True)
class Project:
    """A copy of the reference project in a folder of its own, with a Git history of its own."""

    folder: Path

    @classmethod
    def reference(cls, folder: Path) -> Project:
        """A fresh copy, committed once; the commit has the same name wherever it is made."""
        for part in PARTS:
            origin = ROOT / part
            if origin.is_dir():
                shutil.copytree(origin, folder / part, ignore=shutil.ignore_patterns(*UNWANTED))
            else:
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(origin, folder / part)
        project = cls(folder)
        project.git("init", "--quiet", "--initial-branch=main")
        project.commit()
        return project

    def copy(self, folder: Path) -> Project:
        """Another copy, with the same history."""
        shutil.copytree(self.folder, folder)
        return Project(folder)

    def git(self, *arguments: str) -> str:
        """What git prints in the folder."""
        return subprocess.run(
            ["git", "-c", "core.autocrlf=false", *arguments],
            cwd=self.folder,
            env={**os.environ, **IDENTITY},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def commit(self) -> str:
        """Commit everything; gives the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "A change")
        return self.git("rev-parse", "HEAD").strip()

    def write(self, path: str, text: str) -> Project:
        """Write a file."""
        (self.folder / path).write_text(text, encoding="utf-8")
        return self

    def edit(self, path: str, old: str, new: str) -> Project:
        """Replace a text that has to be in the file."""
        text = (self.folder / path).read_text(encoding="utf-8")
        assert old in text, f"{path} does not say {old!r}"
        return self.write(path, text.replace(old, new, 1))

    def named(self, name: str) -> Project:
        """Give the project another name, so that its releases do not meet those of other runs, and commit."""
        self.edit("slipway.yaml", "name: screening", f"name: {name}").commit()
        return self

    def tree(self) -> dagger.Directory:
        """The folder as it is now."""
        return dag.host().directory(str(self.folder), exclude=[".git"], no_cache=True)

    def history(self) -> History:
        """The folder's history as it is now."""
        folder = dag.host().directory(str(self.folder / ".git"), no_cache=True)
        return open_history(Tools(), self.tree(), folder)

    async def source(self) -> Source:
        """The project as the pipeline sees it."""
        return await open_source(self.tree(), Tools(), engine_names())

    def call(
        self, *arguments: str, environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """`dagger call` for this project, as a person would type it."""
        return dagger_command(
            "call",
            "--project-tree=.",
            "--git-dir=.git",
            *arguments,
            folder=self.folder,
            environment=environment,
        )


def dagger_program() -> str:
    """The dagger command."""
    return os.environ.get("_EXPERIMENTAL_DAGGER_CLI_BIN", "dagger")


def outside_of_sessions() -> dict[str, str]:
    """The environment of a dagger command: the session of the Python client is not its own."""
    kept = {
        name: text for name, text in os.environ.items() if not name.startswith("DAGGER_SESSION")
    }
    return {**kept, "NO_COLOR": "1", "DAGGER_NO_NAG": "1"}


def dagger_command(
    command: str,
    *arguments: str,
    folder: Path = ROOT,
    environment: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """A dagger command with this repository as its module; whatever its exit code is."""
    return subprocess.run(
        [dagger_program(), "--progress=plain", "-m", str(ROOT), command, *arguments],
        cwd=folder,
        env={**outside_of_sessions(), **(environment or {})},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )


def last_error(done: subprocess.CompletedProcess[str]) -> str:
    """The message that a failed `dagger call` ends with."""
    assert done.returncode != 0, done.stdout
    found = re.search(r"^Error: (.*)\Z", done.stderr, re.MULTILINE | re.DOTALL)
    assert found, done.stderr[-2000:]
    return re.sub(r"\[traceparent:.*?\]", "", found.group(1)).strip()


def assert_told(message: str, *words: str, sentences: int = 2) -> None:
    """The message names the thing, in so many sentences at most, and is no stack trace."""
    missing = [word for word in words if word not in message]
    assert not missing, f"{missing} not in: {message}"
    assert "Traceback" not in message, message
    assert 'File "' not in message, message
    # The lines of a log that a message ends with are set off by two blanks.
    told = " ".join(line for line in message.splitlines() if not line.startswith("  "))
    ends = re.findall(r"[.!?](?=\s+[A-Z`]|\s*$)", told.replace("e.g.", "eg"))
    assert len(ends) <= sentences, f"{len(ends)} sentences: {message}"
    assert len(told) <= 900, f"{len(told)} characters: {message}"
