"""What steps import runs in containers that have nothing but Python: the standard library, and each other.

Which folder may import which, the contracts in pyproject.toml say.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import slipway.errors
from slipway.runtime.tools import PACKAGE, STEPS

PURE = ("report", "policy", "attestations", "config", "verdicts", "oci", "formats")
FILES = [
    *sorted(path for folder in PURE for path in (PACKAGE / folder).rglob("*.py")),
    Path(slipway.errors.__file__),
]
NEEDS = {"yamltext.py": {"yaml"}, "sections.py": {"yaml"}, "page.py": {"jinja2"}}


def imported(file: Path) -> set[str]:
    """The top-level names of all absolute imports of a file."""
    nodes = list(ast.walk(ast.parse(file.read_text("utf-8"))))
    plain = {each.name for node in nodes if isinstance(node, ast.Import) for each in node.names}
    sources = {
        node.module
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module
    }
    return {name.partition(".")[0] for name in plain | sources}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
def test_a_module_needs_only_the_standard_library(file: Path) -> None:
    others = imported(file) - sys.stdlib_module_names - {"_typeshed"}
    assert others == NEEDS.get(file.name, set())


def test_steps_find_all_that_they_import_in_the_folders_that_they_get() -> None:
    files = [path for folder in STEPS for path in (PACKAGE / folder).rglob("*.py")]
    assert files
    folders = {name for file in files for name in climbed(file)}
    assert folders <= {*STEPS, "errors"}


def climbed(file: Path) -> set[str]:
    """The folders of ours that a file imports from."""
    depth = len(file.relative_to(PACKAGE).parts)
    return {
        (node.module or "").partition(".")[0]
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level == depth
    }


def test_only_the_configuration_reads_yaml() -> None:
    users = {
        file.name
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
        if (node.module or "").rpartition(".")[2] in ("sections", "yamltext")
    }
    assert users == {"project.py", "document.py", "sections.py"}


def test_the_template_engine_is_imported_only_to_render() -> None:
    """Every call of the module pays for what is imported at the start."""
    program = "import sys, slipway.report.files; sys.exit('jinja2' in sys.modules)"
    environment = {"PYTHONPATH": str(PACKAGE.parent)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
