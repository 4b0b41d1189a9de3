"""Champion and challenger: measured on the same rows, or a sentence why not."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from screening import compare, facts, store
from screening.features import FEATURES, matrix
from screening.model import probabilities
from support import COMMIT, EPOCH, SERVICE

Copy = Callable[[str], Path]


@pytest.fixture
def copy(model_dir: Path, tmp_path: Path) -> Copy:
    """Makes copies of the trained model's folder."""

    def make(name: str) -> Path:
        return Path(shutil.copytree(model_dir, tmp_path / name))

    return make


@pytest.fixture
def arguments(model_dir: Path, data: Path) -> Callable[[Path], list[str]]:
    """The arguments of a comparison with the champion in a folder."""

    def of(champion: Path, challenger: Path = model_dir) -> list[str]:
        schema = str(SERVICE / "schema.json")
        folders = ["--challenger", str(challenger), "--champion", str(champion)]
        return [*folders, "--data", str(data), "--schema", schema]

    return of


def spoiled(folder: Path) -> Path:
    """Turn the weights of a model round, and give it the facts that belong to the new ones."""
    known = facts.read(folder / "metrics.json")
    model: Any = store.load((folder / "model.skops").read_bytes(), known.model)
    step = dict(model.steps)["classify"]
    step.coef_ = -step.coef_
    content = store.save(model, EPOCH)
    (folder / "model.skops").write_bytes(content)
    told = known.model_copy(update={"model": store.digest(content)})
    (folder / "metrics.json").write_text(told.model_dump_json())
    return folder


def test_a_model_is_as_good_as_itself(
    copy: Copy,
    arguments: Callable[..., list[str]],
    heldout: dict[str, list[dict[str, float]]],
    model_dir: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert compare.main(arguments(copy("champion"))) == 0
    found = json.loads(capsys.readouterr().out)
    known = facts.read(model_dir / "metrics.json")
    assert found["challenger"] == found["champion"]
    assert found["champion"] == {
        "commit": COMMIT,
        "model": known.model,
        "metrics": known.metrics,
    }
    assert (found["metric"], found["rows"]) == ("roc_auc", len(heldout["rows"]))
    assert found["reason"] is None


def test_numbers_are_measured_and_not_read(
    copy: Copy, arguments: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    # The spoiled model's own facts still tell the good numbers.
    assert compare.main(arguments(copy("champion"), spoiled(copy("challenger")))) == 0
    found = json.loads(capsys.readouterr().out)
    good, bad = (found[name]["metrics"]["roc_auc"] for name in ("champion", "challenger"))
    assert good > 0.99
    assert bad == pytest.approx(1 - good)


def test_a_champion_with_other_features_is_not_measured(
    copy: Copy, arguments: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    champion = copy("champion")
    schema = (champion / "schema.json").read_text()
    (champion / "schema.json").write_text(schema.replace("mean_radius", "shoe_size"))
    assert compare.main(arguments(champion)) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["champion"]["metrics"] is None
    assert found["challenger"]["metrics"]["roc_auc"] > 0.99
    assert found["reason"].startswith("the champion takes other features")


@pytest.mark.parametrize("name", ["model.skops", "metrics.json", "schema.json"])
def test_a_champion_that_lacks_a_file_is_a_sentence(
    name: str,
    copy: Copy,
    arguments: Callable[..., list[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    champion = copy("champion")
    (champion / name).unlink()
    assert compare.main(arguments(champion)) == 4
    told = capsys.readouterr()
    assert told.err.startswith("The champion cannot be used: ")
    assert name in told.err
    assert told.out == ""


def test_a_champion_that_was_tampered_with_is_refused(
    copy: Copy, arguments: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    champion = copy("champion")
    model = champion / "model.skops"
    model.write_bytes(model.read_bytes() + b" ")
    assert compare.main(arguments(champion)) == 4
    assert "it was changed or damaged." in capsys.readouterr().err


def test_a_challenger_that_was_tampered_with_is_no_fault_of_the_champion(
    copy: Copy, arguments: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    challenger = copy("challenger")
    model = challenger / "model.skops"
    model.write_bytes(model.read_bytes() + b" ")
    assert compare.main(arguments(copy("champion"), challenger)) == 1
    assert "champion" not in capsys.readouterr().err


def test_data_that_does_not_fit_is_told_as_such(
    copy: Copy,
    arguments: Callable[..., list[str]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "data.csv").write_text("a,b\n1,2\n")
    words = arguments(copy("champion"))
    words[words.index("--data") + 1] = str(tmp_path / "data.csv")
    assert compare.main(words) == 3
    assert "data.csv" in capsys.readouterr().err


def test_both_answer_the_rows_that_training_held_out(
    model_dir: Path, heldout: dict[str, list[dict[str, float]]]
) -> None:
    loaded = compare.load(model_dir)
    assert loaded.model is not None
    assert loaded.model.n_features_in_ == len(FEATURES)
    found = probabilities(loaded.model, matrix(heldout["rows"]))
    assert np.array_equal(found, [answer["probability"] for answer in heldout["answers"]])
