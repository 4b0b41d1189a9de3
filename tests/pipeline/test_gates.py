"""Scans with findings, scans without data, and several failures at once."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import dagger
import pytest
from dagger import dag
from slipway.artifacts.sbom import TRIVY_CACHE
from slipway.artifacts.source import Source, open_source
from slipway.errors import GateFailed
from slipway.gates import gate_named, gates_of
from slipway.gates.base import BuiltImage, SourceTree, ToolData, judge, judge_all, require
from slipway.gates.trivy import DATABASE, database
from slipway.iac import engine_names
from slipway.oci.digests import Digest
from slipway.runtime.images import TRIVY
from slipway.runtime.stage import Outcome, StageRunner
from slipway.verdicts.verdict import Status, Verdict, WhenNotEvaluated

from ..support.project import assert_told
from ..support.releasing import ADVISORY, advisories

pytestmark = [pytest.mark.engine, pytest.mark.anyio]
LOCK = "service/requirements.lock"
LOOKED = Verdict(gate="lint", status=Status.PASSED, summary="1 file", tool="ruff")


async def scanned(source: Source, lock: str, advisories: dagger.Directory) -> Verdict:
    """The verdict on a lock file under a database."""
    tree = source.tree.with_new_file(LOCK, lock)
    pinned = await open_source(tree, source.tools, engine_names())
    gate = gate_named("dependencies", SourceTree)
    return await judge(gate, SourceTree(source=pinned, advisories=advisories), StageRunner())


async def test_a_vulnerable_pin_fails_and_says_what_to_upgrade_to(source: Source) -> None:
    verdict = await scanned(source, "jinja2==2.10.1\n", advisories(ADVISORY))
    assert verdict.status is Status.FAILED
    with pytest.raises(GateFailed) as caught:
        require([verdict], WhenNotEvaluated.ALLOW)
    assert_told(
        str(caught.value), "dependencies", "CVE-2020-0001", "jinja2 2.10.1", "3.1.6", sentences=4
    )


async def test_a_fixed_pin_passes_under_the_same_database(source: Source) -> None:
    verdict = await scanned(source, "jinja2==3.1.6\n", advisories(ADVISORY))
    assert verdict.status is Status.PASSED
    assert verdict.data_date is not None
    assert verdict.data_digest is not None
    changed = await scanned(
        source, "jinja2==3.1.6\n", advisories(ADVISORY, {**ADVISORY, "id": "X-1"})
    )
    assert changed.data_digest != verdict.data_digest


async def test_an_empty_database_is_no_pass(source: Source) -> None:
    empty = dag.directory().with_new_file("README.md", "nothing")
    verdict = await scanned(source, "jinja2==2.10.1\n", empty)
    assert verdict.status is Status.NOT_EVALUATED
    with pytest.raises(GateFailed) as caught:
        require([verdict, LOOKED], WhenNotEvaluated.FAIL)
    assert_told(
        str(caught.value), "dependencies", "not evaluated", "no offline version", sentences=4
    )
    # Allowed is not the same as passed: beside a gate that looked it does not stop, alone it does.
    require([verdict, LOOKED], WhenNotEvaluated.ALLOW)
    with pytest.raises(GateFailed):
        require([verdict], WhenNotEvaluated.ALLOW)


async def test_an_empty_lock_is_no_pass(source: Source) -> None:
    verdict = await scanned(source, "# nothing\n", advisories(ADVISORY))
    assert verdict.status is Status.NOT_EVALUATED


def fake_key() -> str:
    """What looks like a key of AWS; put together here, so that a scan of this file finds none."""
    return "AKIA" + "QYLPMN5HFIQR" + "7XYA"


async def test_a_secret_in_the_tree_fails(source: Source) -> None:
    tree = source.tree.with_new_file("deploy.env", f"AWS_ACCESS_KEY_ID={fake_key()}\n")
    bad = await open_source(tree, source.tools, engine_names())
    gate = gate_named("secrets", SourceTree)
    verdict = await judge(gate, SourceTree(source=bad), StageRunner())
    assert verdict.status is Status.FAILED
    with pytest.raises(GateFailed) as caught:
        require([verdict], WhenNotEvaluated.ALLOW)
    assert_told(str(caught.value), "secrets", "deploy.env", sentences=4)
    assert fake_key() not in str(caught.value)


async def test_the_reference_project_passes_every_gate_of_its_source(source: Source) -> None:
    tree = SourceTree(source=source, advisories=advisories(ADVISORY))
    verdicts = await judge_all(gates_of(SourceTree), tree, StageRunner())
    status = {verdict.gate: verdict.status for verdict in verdicts}
    assert set(status.values()) == {Status.PASSED}, status
    assert list(status) == [gate.name for gate in gates_of(SourceTree)]


async def test_the_type_checker_says_the_same_with_and_without_what_it_knew_before(
    source: Source,
) -> None:
    # One mistake about a package of others, one about the service's own names, in different files.
    app = "service/src/screening/app.py"
    text = await source.tree.file(app).contents()
    tree = source.tree.with_new_file(
        app, f"{text}\nimport pydantic\n\nWRONG: int = pydantic.VERSION\n"
    ).with_new_file(
        "service/src/screening/late.py",
        '"""Late."""\n\nfrom .settings import Settings\n\nOTHER: int = Settings\n',
    )
    bad = await open_source(tree, source.tools, engine_names())
    gate = gate_named("types", SourceTree)
    verdict = await judge(gate, SourceTree(source=bad), StageRunner())
    assert verdict.status is Status.FAILED
    places = sorted(finding.where.partition(":")[0] for finding in verdict.findings)
    assert places == ["src/screening/app.py", "src/screening/late.py"]
    other = await judge(replace(gate, container=None), SourceTree(source=bad), StageRunner())
    assert replace(other, time=verdict.time, seconds=verdict.seconds) == verdict


async def test_all_failures_are_told_at_once(source: Source) -> None:
    tree = source.tree.with_new_file(
        "deploy.env", f"AWS_ACCESS_KEY_ID={fake_key()}\n"
    ).with_new_file("service/src/screening/late.py", '"""Late."""\n\nimport os\n')
    bad = await open_source(tree, source.tools, engine_names())
    gates = [gate for gate in gates_of(SourceTree) if gate.name in ("lint", "secrets")]
    verdicts = await judge_all(gates, SourceTree(source=bad), StageRunner())
    with pytest.raises(GateFailed) as caught:
        require(verdicts, WhenNotEvaluated.ALLOW)
    told = str(caught.value)
    assert "deploy.env" in told
    assert "late.py" in told
    assert "--stage lint" in told
    assert "--stage secrets" in told


async def test_the_database_of_trivy_is_known_by_its_digest(source: Source) -> None:
    nothing: Any = None
    built = BuiltImage(source=source, image=nothing)
    metadata = (
        '{"Version": 2, "UpdatedAt": "2026-11-23T06:00:00Z", "NextUpdate": "2026-11-24T06:00:00Z"}'
    )
    box = source.tools.tool_container(TRIVY).with_new_file(
        f"{TRIVY_CACHE}/db/metadata.json", metadata
    )
    without = await database(built, Outcome(exit_code=0, stdout="", stderr="", container=box))
    assert without == ToolData(day=dt.date(2026, 11, 23))
    full = box.with_new_file(DATABASE, "flaws")
    found = await database(built, Outcome(exit_code=0, stdout="", stderr="", container=full))
    assert found == ToolData(day=dt.date(2026, 11, 23), digest=Digest.of(b"flaws"))
