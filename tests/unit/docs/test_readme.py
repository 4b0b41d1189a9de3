"""The README says what is there: functions, make targets, folders, links."""

import ast
import re
from pathlib import Path

import pytest
from slipway.config import project as config
from slipway.iac import engine_names

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAIN = ast.parse((ROOT / "ci/src/slipway/main.py").read_text(encoding="utf-8"))


def functions() -> dict[str, str]:
    """The module's functions by the name that people type, with the first line of their text."""
    found = {}
    for node in ast.walk(MAIN):
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
            decorators = [ast.unparse(each) for each in node.decorator_list]
            if any(each.split("(")[0] == "function" for each in decorators):
                text = ast.get_docstring(node) or ""
                found[node.name.replace("_", "-")] = text.splitlines()[0]
    return found


def test_the_table_of_functions_is_the_module() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", README, re.MULTILINE))
    assert rows == functions()


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_make_targets_exist(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    told = re.findall(r"^`?make ([a-z-]+)|`make ([a-z-]+)", _text(name), re.MULTILINE)
    assert {one or other for one, other in told} <= targets
    assert told


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_links_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target


def test_the_smallest_declaration_is_one() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    project = config.parse(block, engine_names())
    assert project.name == "screening"


def test_the_page_with_all_keys_of_the_declaration_is_linked() -> None:
    assert "[docs/configuration.md](docs/configuration.md) lists all keys" in README
