"""The domain runs in stage containers that have nothing but Python: it imports the standard
library and itself.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
import slipway.domain
import slipway.errors

ROOM = Path(slipway.domain.__path__[0])
FILES = [*sorted(ROOM.rglob("*.py")), Path(slipway.errors.__file__)]
YAML = {"yamltext.py", "sections.py"}


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
    assert others == ({"yaml"} if file.name in YAML else set())


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
def test_a_module_uses_of_ours_only_the_domain_and_the_errors(file: Path) -> None:
    depth = len(file.relative_to(ROOM.parent).parts)
    climbs = [
        node
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level == depth
    ]
    assert {node.module for node in climbs} <= {"errors"}


def test_only_the_configuration_reads_yaml() -> None:
    users = {
        file.name
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module in ("sections", "yamltext")
    }
    assert users == {"config.py", "policy.py", "sections.py"}
