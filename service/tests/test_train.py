"""Training as a whole: what it writes, and that it is reproducible."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from screening import facts, store, train
from screening.bundle import Bundle
from screening.features import FEATURES, matrix
from screening.model import probabilities
from support import COMMIT, EPOCH, SERVICE, train_arguments, wait_for

FILES = ["card.md", "heldout.json", "metrics.json", "model.skops", "schema.json"]


def test_the_model_is_good_enough_for_the_gate(model_dir: Path) -> None:
    known = facts.read(model_dir / "metrics.json")
    assert known.metric == "roc_auc"
    assert known.value == known.metrics["roc_auc"]
    assert known.value > 0.99
    assert (known.metrics["brier_score"] or 1) < 0.03
    assert (known.metrics["recall_at_specificity_0.95"] or 0) > 0.9


def test_the_facts_say_what_the_model_was_made_from(model_dir: Path, data: Path) -> None:
    known = facts.read(model_dir / "metrics.json")
    assert (known.commit, known.epoch) == (COMMIT, EPOCH)
    assert known.data == store.digest(data.read_bytes())
    assert known.model == store.digest((model_dir / "model.skops").read_bytes())
    assert known.trusted_types == list(store.TRUSTED_TYPES)
    assert sum(known.rows.values()) == 569
    assert sum(known.malignant.values()) == 212
    assert sum(part["rows"] or 0 for part in known.slices.values()) == known.rows["heldout"]


def test_the_schema_travels_unchanged(model_dir: Path) -> None:
    assert (model_dir / "schema.json").read_bytes() == (SERVICE / "schema.json").read_bytes()


def test_the_held_out_answers_are_the_models_own(
    bundle: Bundle, heldout: dict[str, list[dict[str, float]]]
) -> None:
    found = probabilities(bundle.model, matrix(heldout["rows"]))
    assert [answer["probability"] for answer in heldout["answers"]] == found
    assert [answer["label"] for answer in heldout["answers"]] == [int(p >= 0.5) for p in found]
    assert {tuple(sorted(row)) for row in heldout["rows"]} == {tuple(sorted(FEATURES))}


def test_the_weights_are_rounded(bundle: Bundle) -> None:
    weights: np.ndarray[Any, np.dtype[np.float64]] = dict(bundle.model.steps)["classify"].coef_  # type: ignore[attr-defined]
    assert [float(f"{weight:.7e}") for weight in weights.ravel()] == weights.ravel().tolist()


def test_another_process_with_other_kernels_writes_the_same_bytes(
    model_dir: Path, retrained: Path
) -> None:
    wait_for(lambda: (retrained / "model.skops").exists(), seconds=60)
    assert sorted(path.name for path in retrained.iterdir()) == FILES
    for name in FILES:
        assert (retrained / name).read_bytes() == (model_dir / name).read_bytes(), name


def test_the_card_tells_the_numbers(model_dir: Path) -> None:
    card = (model_dir / "card.md").read_text()
    known = facts.read(model_dir / "metrics.json")
    assert f"Held-out roc_auc: **{known.value:.4f}**." in card
    assert f"- commit `{COMMIT}`, as of 2023-11-14 22:13:20 (UTC)" in card
    assert f"| mean_area:small | {known.slices['mean_area:small']['rows']} |" in card
    assert "champion" not in card
    assert "It is not\na medical device" in card
    assert max(map(len, card.splitlines())) <= 130


def test_an_output_that_cannot_be_written_is_a_sentence(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert train.main(train_arguments(data, tmp_path / "file")) == 1
    assert capsys.readouterr().err == f"{tmp_path / 'file'}: File exists.\n"


@pytest.mark.parametrize("missing", ["--commit", "--epoch", "--data", "--schema", "--output"])
def test_a_missing_argument_is_named(
    missing: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = train_arguments(data, tmp_path)
    place = arguments.index(missing)
    with pytest.raises(SystemExit) as caught:
        train.main(arguments[:place] + arguments[place + 2 :])
    assert caught.value.code == 2
    assert f"required: {missing}" in capsys.readouterr().err


@pytest.mark.parametrize("epoch", ["-1", "4294967296", "today"])
def test_a_time_that_cannot_be_written_down_is_refused(
    epoch: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        train.main([*train_arguments(data, tmp_path), f"--epoch={epoch}"])
    assert caught.value.code == 2
    assert "argument --epoch: " in capsys.readouterr().err
