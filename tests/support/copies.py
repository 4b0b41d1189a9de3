"""Copies of the product in which a plug-in is added, as the guides in docs/ say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from .project import ROOT, UNWANTED

GATES = "ci/src/slipway/gates"
REGISTRIES = "ci/src/slipway/registries"


def code_of(page: str) -> str:
    """The Python file that a guide shows."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    (block,) = re.findall(r"^ *```python\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    return "\n".join(line.removeprefix("   ") for line in block.splitlines()) + "\n"


def copy_of_the_product(folder: Path) -> Path:
    """What is needed to run the module and to renew the docs."""
    unwanted = shutil.ignore_patterns(*UNWANTED, "sdk", "assets")
    for part in ("ci", "docs", "tests"):
        shutil.copytree(ROOT / part, folder / part, ignore=unwanted)
    shutil.copyfile(ROOT / "dagger.json", folder / "dagger.json")
    return folder


def add_line(path: Path, after: str, line: str) -> None:
    """Add a line to a list."""
    text = path.read_text(encoding="utf-8")
    assert text.count(after) == 1
    path.write_text(text.replace(after, f"{after}\n{line}"), encoding="utf-8")


def python(folder: Path, *arguments: str) -> str:
    """What the copy's own Python code prints."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "ci/src")}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def with_gate(folder: Path) -> Path:
    """A copy with the gate of docs/add-a-gate.md, which also needs a lock."""
    copy_of_the_product(folder)
    code = code_of("add-a-gate.md")
    code = code.replace("stage=todo_stage,", 'stage=todo_stage,\n        locks=("model",),')
    (folder / GATES / "todo.py").write_text(code, encoding="utf-8")
    add_line(folder / GATES / "__init__.py", "from . import (", "    todo,")
    add_line(folder / GATES / "__init__.py", "MODULES: Final = (", "    todo,")
    return folder


def with_registry(folder: Path) -> Path:
    """A copy with the registry of docs/add-a-registry.md."""
    copy_of_the_product(folder)
    code = code_of("add-a-registry.md")
    (folder / REGISTRIES / "corner.py").write_text(code, encoding="utf-8")
    listed = "REGISTRIES: Final[tuple[type[Registry], ...]] = ("
    add_line(folder / REGISTRIES / "__init__.py", listed, "    CornerRegistry,")
    imported = "from .base import Registry"
    add_line(folder / REGISTRIES / "__init__.py", imported, "from .corner import CornerRegistry")
    return folder
