"""The last released model: compared with only if it verifies and its files may be loaded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from slipway.artifacts.model import CHAMPION_OUT, Model, trained
from slipway.attestations.statements import VERDICTS
from slipway.gates.base import ModelPair
from slipway.pipeline.champion import challenge, judged_before
from slipway.pipeline.verify import verify_artifact
from slipway.publishing.client import RegistryClient
from slipway.signers.verifier import Verifier
from slipway.verdicts.verdict import Status, Verdict

from tests.support.fake_dagger import FakeDirectory
from tests.support.fake_registry import FakeRegistry
from tests.support.fakes import Answer, Reply

from .building import (
    COMMIT,
    MODEL_FILES,
    client,
    gate_replies,
    model_layout,
    pinned,
    released,
    runner_of,
    source,
)
from .test_verify import DEVELOPER, RELEASE, STRANGER

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("client_in_memory")]

BETTER = MODEL_FILES | {"model.skops": "better weights"}
REFUSED_FILES = {
    "files": 1,
    "findings": [{"id": "x", "title": "it runs code", "where": "model.pkl", "remedy": "remove it"}],
}


@dataclass
class Challenge:
    """A new model, and a registry with the last released one."""

    client: RegistryClient
    last: str | None
    registry: FakeRegistry

    async def judged(self, verifier: Verifier = DEVELOPER, files: Any = BETTER) -> Verdict:
        """The verdict on the new model."""
        # object_type makes a dataclass of the class, which a type checker cannot see.
        model = Model(files=FakeDirectory(files), layout=model_layout(files))  # type: ignore[call-arg]
        (verdict,) = await challenge(self.client, source(), model, COMMIT.sha, self.last, verifier)
        return verdict

    @property
    def stages(self) -> Sequence[str]:
        """The stages that ran."""
        return runner_of(self.client).names


async def challenged(kind: str = "model", /, **changed: Answer) -> Challenge:
    """A release whose model is the champion."""
    registry = await released()
    answers = gate_replies() | {name.replace("_", "-"): each for name, each in changed.items()}
    return Challenge(
        client=client(registry, answers), last=pinned(registry, kind), registry=registry
    )


async def test_without_a_champion_there_is_nothing_to_compare_with() -> None:
    case = await challenged()
    case.last = None
    verdict = await case.judged()
    assert (verdict.status, verdict.summary) == (
        Status.PASSED, "no model was released before: none to compare with",
    )  # fmt: skip
    assert case.stages == []


async def test_the_champion_itself_is_not_compared_with_itself() -> None:
    case = await challenged()
    verdict = await case.judged(files=MODEL_FILES)
    assert (verdict.status, verdict.summary) == (
        Status.PASSED, "the last released model is this very one",
    )  # fmt: skip
    assert case.stages == []


async def test_the_champions_files_are_verified_looked_at_and_then_compared() -> None:
    case = await challenged()
    verdict = await case.judged()
    assert verdict.status is Status.PASSED
    assert case.stages == ["verify-champion", "champion-files", "champion"]
    compared = runner_of(case.client).stage("champion")
    (theirs,) = (each for each in compared.inputs if each.path == CHAMPION_OUT)
    assert isinstance(theirs.content, FakeDirectory)
    assert theirs.content.files == MODEL_FILES
    assert theirs.made_by == ("verify-champion", "champion-files")
    assert {"verify-champion", "champion-files", "train"} <= set(compared.after)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"champion_files": Reply(stdout=json.dumps(REFUSED_FILES))}, "its files are not loaded: it runs code"),
        ({"champion_files": Reply(exit_code=1, stderr="crashed")}, "its files are not loaded"),
        ({"verify_champion": Reply(exit_code=1, stderr="timed out")}, "exit code 1, timed out"),
    ],
)  # fmt: skip
async def test_a_champion_that_may_not_be_loaded_is_not_compared_with(
    changed: dict[str, Answer], words: str
) -> None:
    case = await challenged(**changed)
    verdict = await case.judged()
    assert verdict.status is Status.NOT_EVALUATED
    assert words in verdict.summary
    assert "champion" not in case.stages


async def test_a_champion_of_another_signer_is_not_compared_with() -> None:
    case = await challenged()
    verdict = await case.judged(STRANGER)
    assert verdict.status is Status.NOT_EVALUATED
    assert "the model does not verify" in verdict.summary
    assert case.stages == ["verify-champion"]


async def test_what_is_no_model_is_not_compared_with() -> None:
    case = await challenged("image")
    verdict = await case.judged()
    assert verdict.status is Status.NOT_EVALUATED
    assert "no model" in verdict.summary


async def test_a_registry_that_is_down_leaves_it_not_evaluated() -> None:
    case = await challenged()
    case.registry.down = True
    verdict = await case.judged()
    assert verdict.status is Status.NOT_EVALUATED
    assert "does not answer" in verdict.summary


async def pair_and_statements(case: Challenge) -> tuple[ModelPair, Any]:
    """The model of the release, and what its release says of it."""
    whole = await verify_artifact(
        case.client, "release", pinned(case.registry, "release"), DEVELOPER
    )
    pair = ModelPair(
        source=source(), commit=COMMIT.sha, challenger=trained(FakeDirectory(MODEL_FILES))
    )
    return pair, whole.evidence.statements


async def test_what_was_judged_when_it_was_released_is_not_judged_again() -> None:
    case = await challenged()
    pair, statements = await pair_and_statements(case)
    (verdict,) = judged_before(pair, statements)
    assert (verdict.gate, verdict.status) == ("champion", Status.PASSED)
    assert "champion" not in case.stages


async def test_a_release_from_before_the_gate_has_no_verdict_of_it() -> None:
    case = await challenged()
    whole = pinned(case.registry, "release")
    (line,) = case.registry.attestations[whole]
    predicate = json.loads(line[2])["predicate"]
    predicate["verdicts"] = [v for v in predicate["verdicts"] if v["gate"] != "champion"]
    case.registry.attestations[whole] = []
    case.registry.attest(whole, line[0], VERDICTS, predicate)
    pair, statements = await pair_and_statements(case)
    (verdict,) = judged_before(pair, statements)
    assert verdict.status is Status.NOT_EVALUATED
    assert "released before the gate" in verdict.summary


async def test_verdicts_of_another_commit_are_none() -> None:
    case = await challenged()
    pair, _ = await pair_and_statements(case)
    (verdict,) = judged_before(pair, {})
    assert verdict.status is Status.NOT_EVALUATED
    assert RELEASE in case.registry.tags
