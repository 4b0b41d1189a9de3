"""A release that goes well: what is published and tagged, in which order, and what its report holds."""

from __future__ import annotations

import json
from dataclasses import replace
from unittest.mock import Mock

import pytest
from slipway.attestations.statements import PROVENANCE, VERDICTS
from slipway.errors import VerificationError, one
from slipway.gates import GATES
from slipway.pipeline.release import make_release
from slipway.policy.case import ATTESTED

from tests.support.fake_dagger import FakeDirectory
from tests.support.fake_registry import FakeRegistry
from tests.support.fakes import FakeSigner, Reply

from .building import COMMIT, asset, job, project, released, replies, runner

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("client_in_memory")]

CHAMPION = "localhost:5050/screening/model:champion"
DIST = {"release.json", "verdicts.sarif", "cosign.pub", "model.sig", "report.txt", "report.html"}


async def test_all_artifacts_are_published_signed_and_attested_and_then_tagged() -> None:
    registry = await released()
    tags = {f"localhost:5050/screening/{kind}:{COMMIT.sha}" for kind in ATTESTED}
    assert set(registry.tags) == {*tags, CHAMPION}
    for kind, types in ATTESTED.items():
        tag = f"localhost:5050/screening/{kind}:{COMMIT.sha}"
        pinned = f"{tag.rpartition(':')[0]}@{registry.tags[tag]}"
        assert registry.signers[pinned] == {FakeSigner().pem}
        assert sorted(name for _, name, _ in registry.attestations[pinned]) == sorted(types)


async def test_each_artifact_is_published_then_verified_and_the_tags_come_last_of_all() -> None:
    made = job()
    await make_release(made, allow_dirty=False)
    names = runner(made).names
    assert names[-1] == "tag"
    for kind in ATTESTED:
        assert names.index("pack-release") < names.index(f"publish-{kind}")
        assert names.index(f"publish-{kind}") < names.index(f"verify-{kind}")
    assert set(runner(made).stage("tag").after) == {f"verify-{kind}" for kind in ATTESTED}


async def test_the_release_is_the_last_artifact_that_is_tagged() -> None:
    registry = await released()
    *_, last, champion = registry.tags
    assert last.startswith("localhost:5050/screening/release:")
    assert champion == CHAMPION


async def test_verdicts_come_in_the_declared_order_whatever_ends_first() -> None:
    late = replies(
        lint=Reply(stdout="[]", after=40),
        sast=Reply(stdout=asset("bandit/good.json"), after=20),
        image_secrets=Reply(
            stdout=asset("trivy/clean.json"), stderr=asset("trivy/clean.log"), after=30
        ),
    )
    made = job(answers=late)
    done = await make_release(made, allow_dirty=False)
    assert [each["gate"] for each in json.loads(done.json)["verdicts"]] == [
        gate.name for gate in GATES
    ]
    ended = [each.name for each in runner(made).trace.times]
    assert ended.index("lint") > ended.index("types")


async def test_every_verdict_names_its_tool_with_version_and_seconds_and_the_moment() -> None:
    done = await make_release(job(), allow_dirty=False)
    for verdict in json.loads(done.json)["verdicts"]:
        assert verdict["tool"], verdict
        assert verdict["seconds"] is not None
        assert verdict["time"]
        assert verdict["toolVersion"]


async def test_the_report_is_there_for_people_and_for_machines() -> None:
    done = await make_release(job(), allow_dirty=False)
    assert isinstance(done.dist, FakeDirectory)
    files = done.dist.files
    assert set(files) == DIST
    assert files["report.txt"] == done.report
    assert files["release.json"] == done.json
    assert files["cosign.pub"] == done.public_key == FakeSigner().pem
    assert f"tagged {COMMIT.sha}" in done.report
    assert "NOT EVALUATED: image-vulnerabilities" in done.report
    assert json.loads(files["verdicts.sarif"])["version"] == "2.1.0"


@pytest.mark.parametrize(
    ("renderer", "lost"),
    [
        ("slipway.report.files.to_sarif", {"verdicts.sarif"}),
        ("slipway.report.files.render_page", {"report.html"}),
        ("slipway.report.files.render", set()),
    ],
)
async def test_what_fails_in_the_report_fails_no_release_that_is_out(
    monkeypatch: pytest.MonkeyPatch, renderer: str, lost: set[str]
) -> None:
    broken = Mock(side_effect=ZeroDivisionError("a bug in the report"))
    monkeypatch.setattr(renderer, broken)
    registry = FakeRegistry()
    done = await make_release(job(registry), allow_dirty=False)
    assert CHAMPION in registry.tags
    assert isinstance(done.dist, FakeDirectory)
    assert set(done.dist.files) == DIST - lost
    assert "ZeroDivisionError: a bug in the report" in done.report


async def test_a_signer_that_signs_no_folders_leaves_no_signature_of_one() -> None:
    made = job(signer=FakeSigner(folders=False))
    done = await make_release(made, allow_dirty=False)
    assert isinstance(done.dist, FakeDirectory)
    assert set(done.dist.files) == DIST - {"model.sig"}
    assert "sign-model" not in runner(made).names


async def test_a_release_that_exists_is_verified_and_nothing_is_published() -> None:
    registry = await released()
    tags = dict(registry.tags)
    again = job(registry)
    done = await make_release(again, allow_dirty=False)
    assert "Nothing new" in done.report
    names = runner(again).names
    assert {f"verify-{kind}" for kind in ATTESTED} <= set(names)
    assert not [name for name in names if name.startswith("publish") or name == "tag"]
    assert registry.tags == tags
    # What the gates said of it and the champion holds: it is the champion itself by now.
    champion = next(v for v in json.loads(done.json)["verdicts"] if v["gate"] == "champion")
    assert "no model was released before" in champion["summary"]


@pytest.mark.parametrize("missing", [VERDICTS, PROVENANCE])
async def test_a_release_that_exists_and_does_not_verify_is_refused(missing: str) -> None:
    registry = await released()
    for lines in registry.attestations.values():
        lines[:] = [line for line in lines if line[1] != missing]
    with pytest.raises(ExceptionGroup) as caught:
        await make_release(job(registry), allow_dirty=False)
    assert isinstance(caught.value.exceptions[0], VerificationError)
    assert "does not verify" in str(one([caught.value]))


async def test_a_project_without_a_champion_has_its_release_verified_too() -> None:
    declared = replace(project(), model=replace(project().model, champion_tolerance=None))
    registry = FakeRegistry()
    await make_release(job(registry, declared=declared), allow_dirty=False)
    assert CHAMPION not in registry.tags
    done = await make_release(job(registry, declared=declared), allow_dirty=False)
    assert "Nothing new" in done.report


async def test_a_dirty_tree_has_a_tag_of_its_own_and_never_becomes_champion() -> None:
    registry = FakeRegistry()
    dirty = job(registry, changes=(" M service/src/x.py",))
    done = await make_release(dirty, allow_dirty=True)
    assert dirty.tag.startswith(f"{COMMIT.sha}-dirty-")
    assert {tag.rpartition(":")[2] for tag in registry.tags} == {dirty.tag}
    told = json.loads(done.json)
    assert (told["dirty"], told["allowed"]) == (True, ["allow-dirty"])
    assert "with changes that no commit holds" in done.report


def test_other_changes_have_another_tag() -> None:
    assert job(changes=("a",)).tag != job(changes=("b",)).tag


async def test_a_lost_attestation_is_published_again_in_the_same_release(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("slipway.publishing.contended._PAUSE", 1)
    registry = FakeRegistry(drops={"image": 2})
    made = job(registry)
    await make_release(made, allow_dirty=False)
    assert [name for name in runner(made).names if name.startswith("publish-image")] == [
        "publish-image", "publish-image-2", "publish-image-3",
    ]  # fmt: skip
    assert CHAMPION in registry.tags
