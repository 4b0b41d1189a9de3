"""What a champion has to prove, and what its gate said before."""

from __future__ import annotations

import pytest
from slipway.attestations.statements import PROVENANCE, VERDICTS
from slipway.errors import DataError
from slipway.oci.digests import Digest
from slipway.policy.case import Evidence
from slipway.policy.champion import objection, recorded
from slipway.verdicts.verdict import Status, Verdict

from ...support.cases import COMMIT, LINT, built, evidence, judged, statement

MODEL = Digest.of(b"model")
CHAMPION = Verdict(gate="champion", status=Status.PASSED, summary="better", subject=str(MODEL))


def model(**changes: object) -> Evidence:
    """A champion; its provenance says the project x."""
    return evidence("model", **changes)


def made(**changes: object) -> Evidence:
    """A champion with another provenance."""
    kind = str(changes.pop("kind", "model"))
    return model(statements={PROVENANCE: (statement(PROVENANCE, built(kind, **changes), MODEL),)})


def test_nothing_speaks_against_a_released_model_of_the_project() -> None:
    assert objection(model(), "x") == ""


@pytest.mark.parametrize(
    ("champion", "words"),
    [
        (model(artifact_type=""), "an image, no model"),
        (model(artifact_type="application/vnd.slipway.plan.v1+json"), "plan.v1+json, no model"),
        (model(statements={}), "nothing says how it was made"),
        (model(statements={PROVENANCE: ()}), "nothing says how it was made"),
        (made(kind="plan"), "built as another kind"),
        (made(parameters={"project": "y"}), "a model of y"),
        (made(parameters={}), "a model of None"),
    ],
)
def test_what_is_no_released_model_of_the_project_is_not_compared_with(
    champion: Evidence, words: str
) -> None:
    assert words in objection(champion, "x")


def test_one_good_provenance_among_bad_ones_is_not_enough() -> None:
    good, bad = (
        statement(PROVENANCE, built("model", parameters={"project": name}), MODEL)
        for name in ("x", "y")
    )
    assert objection(model(statements={PROVENANCE: (good, bad)}), "x") == "it is a model of y"


def test_what_the_gate_said_of_a_released_commit_is_found_again() -> None:
    told = statement(VERDICTS, judged(LINT, CHAMPION), Digest.of(b"release"))
    assert recorded({VERDICTS: (told,)}, COMMIT) == CHAMPION


def test_a_release_from_before_the_gate_says_nothing_of_it() -> None:
    told = statement(VERDICTS, judged(LINT), Digest.of(b"release"))
    assert recorded({VERDICTS: (told,)}, COMMIT) is None


def test_verdicts_about_another_commit_are_none() -> None:
    told = statement(VERDICTS, judged(CHAMPION, commit="b" * 40), Digest.of(b"release"))
    with pytest.raises(DataError, match="another commit"):
        recorded({VERDICTS: (told,)}, COMMIT)
