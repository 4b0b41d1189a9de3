"""Our rules by the locked semgrep itself, in the gate's own container: what they find, and that they find no more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from dagger import dag
from slipway.gates.base import SourceTree, judge
from slipway.gates.semgrep import GATES
from slipway.runtime.stage import StageRunner
from slipway.verdicts.verdict import Status, Verdict

from tests.unit.gates import semgrep_cases

if TYPE_CHECKING:
    import dagger
    from slipway.artifacts.source import Source

pytestmark = [pytest.mark.engine, pytest.mark.anyio]
EXAMPLE = "examples/minimal/service"


async def judged(source: Source, service: dagger.Directory | None = None) -> Verdict:
    """The verdict on a source whose service package is another, or its own."""
    if service is not None:
        folder = source.project.service.folder
        source = replace(source, tree=dag.directory().with_directory(folder, service))
    return await judge(GATES[0], SourceTree(source=source), StageRunner())


def written(**files: str) -> dagger.Directory:
    """A service package of these modules."""
    folder = dag.directory().with_new_file("src/NOTES", "")
    for name, content in files.items():
        folder = folder.with_new_file(f"src/{name}.py", content)
    return folder


async def test_the_reference_service_and_the_example_pass(source: Source) -> None:
    own = await judged(source)
    assert own.status is Status.PASSED, own
    assert own.tool_version
    example = await judged(source, dag.host().directory(EXAMPLE))
    assert example.status is Status.PASSED, example


async def test_each_rule_finds_what_it_is_for_and_nothing_else(source: Source) -> None:
    bad = await judged(source, written(app=semgrep_cases.bad_code()))
    assert bad.status is Status.FAILED
    places = [(int(each.where.rpartition(":")[2]), each.id) for each in bad.findings]
    assert sorted(places) == semgrep_cases.bad_places()
    good = await judged(source, written(app=semgrep_cases.good_code()))
    assert good.status is Status.PASSED, good.findings


async def test_ignore_files_of_the_change_are_not_obeyed(source: Source) -> None:
    service = written(app=semgrep_cases.bad_code()).with_new_file("src/.semgrepignore", "*.py\n")
    assert (await judged(source, service)).status is Status.FAILED


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "it saw no Python files"),
        ({"app": "def load(:\n  )))]]] x(\n"}, "Syntax error"),
        ({"app": "x = 1\n", "large": f"x = '{'a' * 1_000_001}'\n"}, "src/large.py: too_big"),
    ],
)
async def test_what_was_not_looked_at_has_not_passed(
    source: Source, files: dict[str, str], reason: str
) -> None:
    verdict = await judged(source, written(**files))
    assert verdict.status is Status.NOT_EVALUATED
    assert reason in verdict.summary
