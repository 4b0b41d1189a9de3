"""Every option that a message, a document or a wrapper names is one of the module's, and stands where it belongs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MAIN = ast.parse((ROOT / "ci/src/slipway/main.py").read_text(encoding="utf-8"))
PAGES = [
    *(ROOT / name for name in ("README.md", "SECURITY.md", "examples/minimal/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
WRAPPERS = [
    ROOT / name
    for name in (
        ".github/workflows/slipway.yml",
        ".gitlab-ci.yml",
        "Jenkinsfile",
        ".circleci/config.yml",
    )
]
CALL = re.compile(r"dagger(?:\"| -m \S+)? call (.*)")
OPTION = re.compile(r"(?<![\w-])--([a-z][a-z-]+)")
# Of dagger itself, and of what a result is chained with.
DAGGERS = {"help", "ports", "path", "mod"}
# Files whose messages name options: what a user reads. Command lines of tools are elsewhere.
MESSAGES = re.compile(r"(?:remedy|where)=f?\"([^\"]*)\"")


def options(node: ast.ClassDef | ast.AsyncFunctionDef) -> set[str]:
    """The options of the constructor or of a function, as users type them."""
    if isinstance(node, ast.ClassDef):
        names = [
            each.target.id
            for each in node.body
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
        ]
    else:
        names = [each.arg for each in node.args.args if each.arg != "self"]
    return {name.replace("_", "-") for name in names}


(MODULE,) = (each for each in MAIN.body if isinstance(each, ast.ClassDef))
SHARED = options(MODULE)
FUNCTIONS = {
    each.name.replace("_", "-"): options(each)
    for each in MODULE.body
    if isinstance(each, ast.AsyncFunctionDef) and each.decorator_list
}


def test_no_function_has_more_than_nine_parameters() -> None:
    assert max(len(names) for names in FUNCTIONS.values()) <= 9


def test_no_option_is_a_single_word_but_those_that_are_asked_of_one_function_only() -> None:
    single = {name for names in (SHARED, *FUNCTIONS.values()) for name in names if "-" not in name}
    assert single == {"release", "environment", "stage", "advisories"}


@pytest.mark.parametrize("path", [*PAGES, *WRAPPERS], ids=lambda path: path.name)
def test_calls_take_the_options_that_they_are_given(path: Path) -> None:
    text = re.sub(r"\\?\n\s+(?=--|dist|release)", " ", path.read_text(encoding="utf-8"))
    for call in CALL.findall(text):
        before, known, after = SHARED, "", ""
        words = re.split(r"[`|#]", call)[0]
        found = re.search(r"(?<![\w/.:-])(" + "|".join(FUNCTIONS) + r")(?![\w/.:=-])", words)
        head = words[: found.start()] if found else words
        after = words[found.end() :] if found else ""
        known = found.group(1) if found else ""
        assert set(OPTION.findall(head)) <= before | DAGGERS, call
        assert set(OPTION.findall(after)) <= FUNCTIONS.get(known, set()) | DAGGERS, call


def test_descriptions_hold_no_backquotes() -> None:
    # dagger's command line takes a word in them for the type of the option's value (spf13/pflag, UnquoteUsage).
    text = (ROOT / "ci/src/slipway/options.py").read_text(encoding="utf-8")
    assert [doc for doc in re.findall(r"Doc\((.*?)\)", text, re.DOTALL) if "`" in doc] == []


def test_messages_name_options_that_there_are() -> None:
    known = SHARED.union(*FUNCTIONS.values())
    # Of git, and of the programs of a project.
    foreign = {"unshallow"}
    named = {
        (path.name, option)
        for path in sorted((ROOT / "ci/src/slipway").rglob("*.py"))
        for message in MESSAGES.findall(path.read_text(encoding="utf-8"))
        for option in OPTION.findall(message)
    }
    assert {option for _, option in named} > {"policy-file", "allow-dirty"}
    assert [each for each in named if each[1] not in known | foreign] == []
