"""A new gate is one new file and one line: made in a copy of the product, and run there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ..support.copies import with_gate
from ..support.project import Project, dagger_command

pytestmark = pytest.mark.engine


def test_a_new_gate_is_in_check_and_in_debug(tmp_path: Path, project: Project) -> None:
    where = ["--project-tree=.", "--git-dir=.git"]
    module = f"--mod={with_gate(tmp_path / 'copy')}"
    done = dagger_command("call", module, *where, "check", folder=project.folder)
    assert re.search(r"^todo +passed +0 unfinished places +grep \d", done.stdout, re.MULTILINE), (
        done.stderr
    )
    command = ["debug", "--stage=todo", "file", "--path=/stage/COMMAND", "contents"]
    done = dagger_command("call", module, *where, *command, folder=project.folder)
    assert done.stdout.strip() == "grep -rn TODO src"
