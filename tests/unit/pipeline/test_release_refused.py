"""Nothing is tagged if any part of a release fails, and all that fails is raised together."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from slipway.errors import (
    ConfigError,
    DataError,
    DirtyTree,
    GateFailed,
    RegistryError,
    SigningError,
    SlipwayError,
    StageFailed,
    TagConflict,
    VerificationError,
    flatten,
    one,
)
from slipway.pipeline.job import ReleaseJob, known_builder
from slipway.pipeline.release import make_release
from slipway.publishing import contended

from tests.support.fake_dagger import FakeDirectory
from tests.support.fake_registry import FakeRegistry
from tests.support.fakes import Answer, FakeSigner, Reply

from .building import (
    COMMIT,
    MODEL_FILES,
    asset,
    job,
    model_layout,
    project,
    released,
    replies,
    runner,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("client_in_memory")]

MODEL = f"localhost:5050/screening/model@{json.loads(model_layout().files['index.json'])['manifests'][0]['digest']}"
BAD_MODEL = MODEL_FILES | {"metrics.json": '{"metrics": {"roc_auc": 0.5}, "rows": {"heldout": 9}}'}


@pytest.mark.parametrize(
    ("stage", "answer", "error", "words"),
    [
        ("lint", Reply(exit_code=1, stdout=asset("ruff/bad.json")), GateFailed, "lint"),
        ("lint", Reply(exit_code=2, stderr="ruff crashed"), GateFailed, "ruff crashed"),
        ("image-secrets", Reply(exit_code=1, stderr="disk full"), GateFailed, "disk full"),
        ("model-files", Reply(stdout='{"files": 0, "findings": []}'), GateFailed, "no files"),
        ("smoke-test", Reply(exit_code=3, stderr="no answer"), GateFailed, "no answer"),
        ("train", Reply(content={"/model": FakeDirectory(BAD_MODEL)}), GateFailed, "roc_auc is 0.5"),
        ("train", Reply(exit_code=3, stderr="row 2 is bad"), DataError, "row 2 is bad"),
        ("train", Reply(exit_code=1, stderr="out of memory"), StageFailed, "out of memory"),
        ("layer-model", Reply(exit_code=1, stderr="no space"), StageFailed, "layer-model"),
        ("assemble", Reply(exit_code=1, stderr="no space"), StageFailed, "assemble"),
        ("sbom", Reply(exit_code=1, stderr="trivy crashed"), StageFailed, "trivy crashed"),
        ("sign-model", Reply(exit_code=1, stderr="no key"), StageFailed, "sign-model"),
        ("state", Reply(exit_code=1, stderr="no database"), DataError, "no database"),
        ("plan", Reply(exit_code=4, stderr="Error: no provider"), ConfigError, "no provider"),
        ("pack-release", Reply(exit_code=1), StageFailed, "pack-release"),
    ],
)  # fmt: skip
async def test_nothing_is_pushed_if_a_part_cannot_be_made_or_does_not_pass(
    stage: str, answer: Answer, error: type[SlipwayError], words: str
) -> None:
    registry = FakeRegistry()
    refused = job(registry, replies() | {stage: answer})
    with pytest.raises((SlipwayError, ExceptionGroup)) as caught:
        await make_release(refused, allow_dirty=False)
    (leaf,) = flatten(caught.value)
    assert isinstance(leaf, error)
    assert words in str(leaf)
    assert (registry.tags, registry.layouts) == ({}, {})


@pytest.mark.parametrize(
    ("stage", "answer", "error", "words"),
    [
        ("publish-image", Reply(exit_code=4, stderr="crane push: 401 Unauthorized"), RegistryError, "credentials"),
        ("publish-plan", Reply(exit_code=4, stderr="cosign sign: Error: bad password"), SigningError, "bad password"),
        ("publish-plan", Reply(exit_code=4, stderr="cosign attest: POST https://x: 507"), RegistryError, "space"),
        ("publish-model", Reply(exit_code=1, stderr="timed out"), StageFailed, "timed out"),
        ("verify-release", Reply(exit_code=1, stderr="timed out"), StageFailed, "timed out"),
    ],
)  # fmt: skip
async def test_nothing_is_tagged_if_an_artifact_cannot_be_published(
    stage: str, answer: Answer, error: type[SlipwayError], words: str
) -> None:
    registry = FakeRegistry()
    with pytest.raises(ExceptionGroup) as caught:
        await make_release(job(registry, replies() | {stage: answer}), allow_dirty=False)
    (leaf,) = flatten(caught.value)
    assert isinstance(leaf, error)
    assert words in str(leaf)
    assert registry.layouts
    assert registry.tags == {}


async def test_nothing_is_tagged_if_an_attestation_does_not_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(contended, "_PAUSE", 1)
    registry = FakeRegistry(drops={"model": contended.ROUNDS})
    with pytest.raises(ExceptionGroup) as caught:
        await make_release(job(registry), allow_dirty=False)
    assert isinstance(one([caught.value]), VerificationError)
    assert "do not stay" in str(one([caught.value]))
    assert registry.tags == {}


async def test_nothing_is_tagged_if_what_was_published_does_not_verify() -> None:
    registry = FakeRegistry(corrupt={MODEL})
    with pytest.raises(VerificationError, match="the model does not verify: content"):
        await make_release(job(registry), allow_dirty=False)
    assert registry.tags == {}


async def test_a_registry_that_is_down_ends_a_release_before_anything_is_made() -> None:
    refused = job(FakeRegistry(down=True))
    with pytest.raises(ExceptionGroup) as caught:
        await make_release(refused, allow_dirty=False)
    assert "does not answer" in str(one([caught.value]))
    assert runner(refused).names == ["lookup"]


async def test_a_key_that_cannot_be_opened_ends_a_release_before_anything_is_made() -> None:
    refused = job(signer=FakeSigner(error=SigningError("the signing key cannot be opened")))
    with pytest.raises(ExceptionGroup) as caught:
        await make_release(refused, allow_dirty=False)
    assert isinstance(one([caught.value]), SigningError)
    assert runner(refused).names == ["lookup"]


async def test_a_tag_with_another_digest_is_refused_before_anything_is_pushed() -> None:
    tag = f"localhost:5050/screening/plan:{COMMIT.sha}"
    registry = FakeRegistry(tags={tag: "sha256:" + "0" * 64})
    with pytest.raises(TagConflict, match="another digest"):
        await make_release(job(registry), allow_dirty=False)
    assert registry.layouts == {}
    assert registry.tags == {tag: "sha256:" + "0" * 64}


async def test_everything_that_fails_is_raised_together() -> None:
    answers = replies(
        plan=Reply(exit_code=4, stderr="Error: no provider"),
        assemble=Reply(exit_code=1),
        sign_model=Reply(exit_code=1),
    )
    with pytest.raises(ExceptionGroup) as caught:
        await make_release(job(answers=answers), allow_dirty=False)
    message = str(one([caught.value]))
    for words in ("3 things failed", "stage assemble", "stage sign-model", "no provider"):
        assert words in message


@pytest.mark.parametrize(
    "changed",
    [
        {"train": Reply(content={"/model": FakeDirectory(BAD_MODEL)})},
        {"model-files": Reply(stdout=json.dumps({"files": 0, "findings": []}))},
        {"model-files": Reply(exit_code=1, stderr="crashed")},
    ],
)
async def test_a_model_that_fails_its_gates_is_neither_loaded_nor_signed(
    changed: dict[str, Answer],
) -> None:
    refused = job(answers=replies() | changed)
    with pytest.raises(ExceptionGroup):
        await make_release(refused, allow_dirty=False)
    assert not {"assemble", "champion", "smoke-test", "sign-model"} & set(runner(refused).names)


async def test_every_gate_that_failed_is_named_at_once() -> None:
    answers = replies(
        lint=Reply(exit_code=1, stdout=asset("ruff/bad.json")),
        data=Reply(exit_code=3, stderr="row 2"),
        smoke_test=Reply(exit_code=3, stderr="no answer"),
    )
    with pytest.raises(ExceptionGroup) as caught:
        await make_release(job(answers=answers), allow_dirty=False)
    # Those of the source and those of the image: each fails as soon as it is known, whatever else fails.
    failures = flatten(caught.value)
    assert [type(failure) for failure in failures] == [GateFailed, GateFailed]
    for name in ("lint", "data", "smoke-test"):
        assert f"debug --stage {name} terminal" in str(one(failures))


async def test_the_registry_and_the_key_are_complained_of_together() -> None:
    signer = FakeSigner(error=SigningError("no key"))
    with pytest.raises(ExceptionGroup) as caught:
        await make_release(job(FakeRegistry(down=True), signer=signer), allow_dirty=False)
    assert [type(leaf) for leaf in flatten(caught.value)] == [RegistryError, SigningError]


async def test_a_stack_that_is_not_there_is_named() -> None:
    whole = job()
    tree = whole.source.tree.without_directory(project().infrastructure.stack)
    refused = replace(whole, source=replace(whole.source, tree=tree))
    with pytest.raises(ExceptionGroup) as caught:
        await make_release(refused, allow_dirty=False)
    assert "the stack is not there" in str(one([caught.value]))


async def test_a_dirty_tree_is_refused_with_the_paths_that_differ() -> None:
    refused = job(changes=tuple(f" M file{n}" for n in range(7)))
    with pytest.raises(DirtyTree, match=r"M file0, .* and 2 more") as caught:
        await make_release(refused, allow_dirty=False)
    assert "--allow-dirty" in str(caught.value)
    assert runner(refused).names == []


def test_a_builder_is_one_of_a_list() -> None:
    assert known_builder("jenkins") == "jenkins"
    with pytest.raises(ConfigError, match="there is no builder 'mine'"):
        known_builder("mine")


def following(registry: FakeRegistry, metric: float) -> ReleaseJob:
    """The next commit's release, whose model is so good where the champion's metric is 0.99."""
    files = MODEL_FILES | {"model.skops": "other weights"}
    compared = {
        "challenger": {"metrics": {"roc_auc": metric}},
        "champion": {"metrics": {"roc_auc": 0.99}},
        "rows": 100,
    }
    answers = replies(
        train=Reply(content={"/model": FakeDirectory(files)}),
        pack_model=Reply(content={"/layout": model_layout(files)}),
        champion=Reply(stdout=json.dumps(compared)),
    )
    return job(registry, answers, commit=replace(COMMIT, sha="b" * 40))


async def test_a_model_that_is_worse_than_the_champion_changes_nothing_in_the_registry() -> None:
    registry = await released()
    tags, layouts = dict(registry.tags), dict(registry.layouts)
    with pytest.raises(GateFailed, match="worse-than-champion"):
        await make_release(following(registry, 0.97), allow_dirty=False)
    assert (registry.tags, registry.layouts) == (tags, layouts)


async def test_a_model_that_is_as_good_takes_the_champions_tag_and_no_other() -> None:
    registry = await released()
    tags = dict(registry.tags)
    good = following(registry, 0.989)
    await make_release(good, allow_dirty=False)
    model = registry.tags[good.tags["model"]]
    assert model != tags[good.champion]
    new = {tag: digest for tag, digest in registry.tags.items() if tag in good.tags.values()}
    assert len(new) == len(good.tags)
    assert registry.tags == tags | new | {good.champion: model}
