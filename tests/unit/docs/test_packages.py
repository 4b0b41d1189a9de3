"""The docstring of each package lists its files, and docs/architecture.md each package."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from slipway.runtime.tools import PACKAGE

ROOT = Path(__file__).parents[3]
PACKAGES = sorted(path.parent for path in PACKAGE.rglob("__init__.py"))
LINE = re.compile(r"^ *([a-z_]+)/? {2,}\S", re.MULTILINE)


def text_of(package: Path) -> str:
    """The docstring of a package."""
    tree = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    return ast.get_docstring(tree) or ""


def inner(package: Path) -> set[str]:
    """The modules and packages in a package."""
    modules = {path.stem for path in package.glob("*.py")} - {"__init__"}
    return modules | {path.parent.name for path in package.glob("*/__init__.py")}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_a_package_lists_its_files(package: Path) -> None:
    assert set(LINE.findall(text_of(package))) == inner(package)


def test_the_architecture_lists_the_folders_from_the_top_down() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    listed = re.findall(
        r"`([a-z]+)/?`", " ".join(re.findall(r"^\| (`[^|]+) \|", page, re.MULTILINE))
    )
    assert set(listed) == inner(PACKAGE) - {"options"}
