"""Training as a whole: what it writes, that it is reproducible, and the champion."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from screening import facts, store, train
from screening.bundle import Bundle
from screening.champion import TOLERANCE, Champion, compare
from screening.features import FEATURES, matrix
from screening.model import probabilities
from support import COMMIT, EPOCH, SERVICE, train_arguments, wait_for

FILES = ["card.md", "heldout.json", "metrics.json", "model.skops", "schema.json"]


def champion_of(model_dir: Path, folder: Path) -> Path:
    """Copy a model to serve as champion."""
    shutil.copytree(model_dir, folder)
    return folder


def retrain(data: Path, output: Path, champion: Path) -> Any:
    """Train against a champion; give the facts that come out."""
    assert train.main([*train_arguments(data, output), "--champion", str(champion)]) == 0
    return json.loads((output / "metrics.json").read_bytes())["champion"]


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
    assert "There was none to compare with." in card
    assert "It is not\na medical device" in card
    assert max(map(len, card.splitlines())) <= 130


def test_the_same_model_as_champion_is_not_beaten_and_not_missed(
    data: Path, model_dir: Path, tmp_path: Path
) -> None:
    champion = champion_of(model_dir, tmp_path / "champion")
    found = retrain(data, tmp_path / "out", champion)
    assert (found["difference"], found["not_worse"], found["reason"]) == (0.0, True, None)
    assert found["commit"] == COMMIT
    assert "this one is not worse (+0.0000; " in (tmp_path / "out" / "card.md").read_text()


@pytest.mark.parametrize(
    ("ahead", "not_worse"),
    [(0.001, True), (0.0, True), (-TOLERANCE, True), (-TOLERANCE - 1e-6, False), (-0.3, False)],
)
def test_a_challenger_may_be_behind_by_the_tolerance_and_no_more(
    ahead: float, not_worse: bool, bundle: Bundle, heldout: dict[str, list[dict[str, float]]]
) -> None:
    labels = np.array([answer["label"] for answer in heldout["answers"]])
    labels[:5] = 1 - labels[:5]  # so that the champion is not perfect
    champion = Champion(bundle.facts, bundle.model)
    values = matrix(heldout["rows"])
    before = compare(champion, 1.0, values, labels).value
    assert before is not None
    assert 0.8 < before < 1
    found = compare(champion, before + ahead, values, labels)
    assert found.not_worse is not_worse
    assert found.difference == pytest.approx(ahead, abs=1e-9)


def test_a_champion_with_other_features_is_not_compared(
    data: Path, model_dir: Path, tmp_path: Path
) -> None:
    champion = champion_of(model_dir, tmp_path / "champion")
    schema = (champion / "schema.json").read_text()
    (champion / "schema.json").write_text(schema.replace("mean_radius", "shoe_size"))
    found = retrain(data, tmp_path / "out", champion)
    assert (found["value"], found["not_worse"]) == (None, None)
    assert found["reason"].startswith("the champion takes other features")
    assert "Not compared with the model of commit" in (tmp_path / "out" / "card.md").read_text()


@pytest.mark.parametrize("name", ["model.skops", "metrics.json", "schema.json"])
def test_a_champion_that_lacks_a_file_is_a_sentence(
    name: str, data: Path, model_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    champion = champion_of(model_dir, tmp_path / "champion")
    (champion / name).unlink()
    arguments = [*train_arguments(data, tmp_path / "out"), "--champion", str(champion)]
    assert train.main(arguments) == 4
    error = capsys.readouterr().err
    assert error.startswith("The champion cannot be used: ")
    assert name in error
    assert not (tmp_path / "out").exists()


def test_a_champion_that_was_tampered_with_is_refused(
    data: Path, model_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    champion = champion_of(model_dir, tmp_path / "champion")
    model = champion / "model.skops"
    model.write_bytes(model.read_bytes() + b" ")
    arguments = [*train_arguments(data, tmp_path / "out"), "--champion", str(champion)]
    assert train.main(arguments) == 4
    assert "it was changed or damaged." in capsys.readouterr().err


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
