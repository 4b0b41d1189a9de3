"""Attacks through what goes in: scanners that do not look, dependencies, the key and the policy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import dagger
import pytest
from dagger import dag
from slipway.artifacts.source import Source, open_source
from slipway.errors import ConfigError, GateFailed, VerificationError
from slipway.gates import gate_named
from slipway.gates.base import Gate, SourceTree, judge, require
from slipway.iac import engine_names
from slipway.pipeline.relying_party import RelyingParty
from slipway.policy.document import parse
from slipway.runtime.stage import Stage, StageRunner
from slipway.runtime.tools import Tools
from slipway.signers.verifier import Verifier
from slipway.verdicts.verdict import Status, Verdict, WhenNotEvaluated

from ..support.forging import POLICY
from ..support.project import Project, assert_told, last_error

pytestmark = [pytest.mark.engine, pytest.mark.anyio, pytest.mark.usefixtures("connection")]


async def looked(stage: Stage, source: Source) -> Verdict:
    """What a gate says of a step."""

    def read(*_: object) -> Verdict:
        raise AssertionError("a scanner that did not end well was believed")

    gate = Gate(
        name="scan",
        title="scans",
        subject=SourceTree,
        tool="scanner",
        stage=lambda _: stage,
        read=read,
    )
    return await judge(gate, SourceTree(source=source), StageRunner())


NOT_EVALUATED: Mapping[str, tuple[tuple[str, ...], int]] = {
    "missing": (("no-such-scanner", "--scan"), 60),
    "crashes": (("python", "-c", "import os; os.abort()"), 60),
    "times out": (("python", "-c", "import time; time.sleep(60)"), 1),
    "an exit code that nobody knows": (("python", "-c", "raise SystemExit(77)"), 60),
}


async def test_08_a_scanner_that_does_not_end_well_has_not_looked(source: Source) -> None:
    for argv, seconds in NOT_EVALUATED.values():
        stage = Stage(name="scan", container=Tools().python(), argv=argv, seconds=seconds)
        verdict = await looked(stage, source)
        assert verdict.status is Status.NOT_EVALUATED
        with pytest.raises(GateFailed):
            require([verdict], WhenNotEvaluated.ALLOW, ["scan"])


async def test_08_a_scanner_that_scans_nothing_has_not_looked(source: Source) -> None:
    nothing = replace(source, tree=dag.directory())
    gate = gate_named("secrets", SourceTree)
    verdict = await judge(gate, SourceTree(source=nothing), StageRunner())
    assert verdict.status is Status.NOT_EVALUATED, verdict


@pytest.mark.parametrize("change", ["unpinned", "unhashed", "another hash", "no hash at all"])
async def test_15_a_dependency_that_is_not_what_was_locked(source: Source, change: str) -> None:
    lock = await source.service.file("requirements.lock").contents()
    changed = {
        "unpinned": re.sub(r"^click==[^ ]+", "click>=8", lock, count=1, flags=re.MULTILINE),
        "no hash at all": "six==1.17.0\n",
        "unhashed": lock + "\nsix==1.17.0\n",
        "another hash": re.sub(
            r"(click==.*\n(?: +--hash=sha256:)).{8}", r"\g<1>00000000", lock, count=1
        ),
    }[change]
    assert changed != lock
    if change == "another hash":
        # All hashes of one package: pip is content with any of them.
        entry = re.compile(r"^click==.*\n(?: +--hash=.*\n)+", re.MULTILINE)
        changed = entry.sub(lambda found: re.sub(r"sha256:.{8}", "sha256:00000000", found[0]), lock)
    path = f"{source.project.service.folder}/requirements.lock"
    bad = await open_source(source.tree.with_new_file(path, changed), source.tools, engine_names())
    with pytest.raises(dagger.ExecError) as caught:
        await bad.dependencies().sync()
    said = caught.value.stderr.lower()
    assert "hash" in said or "pinned" in said


def policy_of(text: str) -> RelyingParty:
    """Who relies on a release and brings this policy."""
    folder = dag.directory().with_new_file("policy.yaml", text)
    return RelyingParty(tree=dag.directory(), policy=folder.file("policy.yaml"))


async def test_17_an_empty_key_an_empty_policy_and_an_identity_that_matches_all(
    project: Project, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as refused:
        await policy_of("").read_policy()
    assert_told(str(refused.value), "--policy-file", sentences=4)
    with pytest.raises(ConfigError):
        parse("")
    signer = '{name: developer, identity: ".*", issuer: ".*", builders: [".*"]}'
    wide = re.sub(r"\{name: developer,.*\}", signer, POLICY)
    with pytest.raises(ConfigError, match="patterns match more than one means"):
        await policy_of(wide).read_policy()
    with pytest.raises(VerificationError, match="the key is empty"):
        Verifier(pem=" \n")
    # On the command line, where the environment shows that the policy is the one that was passed.
    (empty := tmp_path / "empty").write_text("", encoding="utf-8")
    (own := tmp_path / "own.yaml").write_text(
        POLICY.replace("name: dev\n", "name: own\n"), encoding="utf-8"
    )
    release = f"localhost:5050/x/release@sha256:{'a' * 64}"
    done = project.call(
        "--policy-file", str(own), "--public-key", str(empty),
        "verify", "--environment", "own", "--release", release,
    )  # fmt: skip
    assert_told(last_error(done), "the key is empty", "--public-key")
