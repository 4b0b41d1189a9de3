"""What a change runs again, and what it does not; the same of a whole release is in test_cli.py."""

from __future__ import annotations

import uuid

import pytest
from slipway.artifacts.source import TYPES_CACHE
from slipway.gates import gates_of
from slipway.gates.base import SourceTree, judge_all
from slipway.runtime.layout import digest_of
from slipway.runtime.stage import StageRunner

from ..support.project import Project
from ..support.releasing import ADVISORY, advisories, built

pytestmark = [pytest.mark.engine, pytest.mark.anyio, pytest.mark.usefixtures("connection")]
RARE = "sndhdr"  # a module that the service does not import
SERVICE_GATES = ("lint", "types", "unit-tests", "sast", "data", "dependencies", "iac")


async def build_twice(project: Project, path: str, text: str) -> tuple[dict[str, bool], bool]:
    """Build, append a text to a file, commit, build again: which stages of the second were cached, and whether the
    image stayed the same."""
    first = await built(await project.source(), project)
    before = await digest_of(first.layout)
    target = project.folder / path
    old = target.read_text(encoding="utf-8") if target.exists() else ""
    project.write(path, old + text).commit()
    runner = StageRunner()
    second = await built(await project.source(), project, runner)
    return {one.name: one.cached for one in runner.trace.times}, await digest_of(
        second.layout
    ) == before


async def test_a_line_of_the_service_writes_its_layer_and_the_image_again_only(
    project: Project,
) -> None:
    line = f"\n# {uuid.uuid4().hex}\n"
    cached, same = await build_twice(project, "service/src/screening/app.py", line)
    again = {name for name, was in cached.items() if not was}
    assert again == {"layer-service", "layer-facts", "assemble"}
    assert cached["train"]
    assert cached["layer-dependencies"]
    assert not same


async def test_a_line_of_the_service_leaves_what_the_type_checker_knows_of_others(
    project: Project,
) -> None:
    # The time of its folder is that of the step that made it.
    when = ["stat", "--format=%y", TYPES_CACHE]
    before = await (await (await project.source()).typed()).with_exec(when).stdout()
    path = "service/src/screening/app.py"
    text = (project.folder / path).read_text(encoding="utf-8")
    project.write(path, f"{text}\n# {uuid.uuid4().hex}\n")
    same = await (await (await project.source()).typed()).with_exec(when).stdout()
    assert same == before
    project.write(path, f"{text}\nimport {RARE}\n")
    other = await (await (await project.source()).typed()).with_exec(when).stdout()
    assert other != before


async def test_a_line_of_the_readme_writes_no_layer_but_the_facts(project: Project) -> None:
    cached, _ = await build_twice(project, "README.md", f"{uuid.uuid4().hex}\n")
    assert {name for name, was in cached.items() if not was} == {"layer-facts", "assemble"}


async def test_a_line_of_the_training_code_trains_again(project: Project) -> None:
    cached, same = await build_twice(
        project, "service/src/screening/split.py", f"\n# {uuid.uuid4().hex}\n"
    )
    assert not cached["train"]
    assert cached["layer-dependencies"]
    assert not same


async def test_a_line_of_the_readme_runs_no_check_of_the_service_again(project: Project) -> None:
    database = advisories(ADVISORY)
    wanted = [gate for gate in gates_of(SourceTree) if gate.name in SERVICE_GATES]
    tree = SourceTree(source=await project.source(), advisories=database)
    await judge_all(wanted, tree, StageRunner())
    project.write("README.md", uuid.uuid4().hex).commit()
    runner = StageRunner()
    tree = SourceTree(source=await project.source(), advisories=database)
    verdicts = await judge_all(wanted, tree, runner)
    assert len(verdicts) == len(SERVICE_GATES)
    ran = {one.name for one in runner.trace.times if not one.cached}
    assert ran == set()
