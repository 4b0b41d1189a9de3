"""Model folders: a whole one, and each way in which one can be broken."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from screening import bundle
from screening.errors import ModelError

Spoil = Callable[[Path], object]


@pytest.fixture
def folder(model_dir: Path, tmp_path: Path) -> Path:
    """A model folder to spoil."""
    return Path(shutil.copytree(model_dir, tmp_path / "model"))


def change(path: Path, **values: Any) -> None:
    """Change keys of a JSON file."""
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **values}))


def test_without_the_facts_of_a_build_it_is_served_all_the_same(folder: Path) -> None:
    (folder / "build.json").unlink()
    assert bundle.load(folder).build == bundle.Build(commit=None, model_digest=None)


SPOILT: list[tuple[Spoil, str]] = [
    (lambda f: (f / "model.skops").unlink(), "model.skops: the model cannot be read"),
    (lambda f: (f / "model.skops").write_bytes(b""), "it was changed or damaged"),
    (lambda f: (f / "metrics.json").unlink(), "metrics.json: the facts about the model cannot be"),
    (lambda f: (f / "metrics.json").write_text("{}"), "metric: Field required; value: Field"),
    (lambda f: change(f / "metrics.json", model="md5:0"), "metrics.json: not the facts about a"),
    (lambda f: (f / "build.json").write_text("{"), "build.json: the facts about the build cannot"),
]


@pytest.mark.parametrize(("spoil", "said"), SPOILT, ids=[case[1] for case in SPOILT])
def test_a_broken_folder_is_refused_in_a_sentence(spoil: Spoil, said: str, folder: Path) -> None:
    spoil(folder)
    with pytest.raises(ModelError) as caught:
        bundle.load(folder)
    assert said in str(caught.value)


def test_a_schema_with_other_features_is_refused(folder: Path) -> None:
    path = folder / "schema.json"
    path.write_text(path.read_text().replace("mean_radius", "shoe_size"))
    with pytest.raises(ModelError, match="the features are not the 30 that this service knows"):
        bundle.load_schema(folder)
