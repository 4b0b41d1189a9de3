"""The schema file: the project's own, and broken ones."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from screening import train, validate
from screening.features import FEATURES, TARGET
from screening.schema import Schema
from support import SERVICE

Spoil = Callable[[dict[str, Any]], object]


def test_it_names_exactly_the_features_of_the_service(schema: Schema) -> None:
    assert [column.name for column in schema.features] == list(FEATURES)
    assert (schema.target.name, schema.target.min, schema.target.max) == (TARGET, 0, 1)


def test_every_column_says_what_it_is(schema: Schema) -> None:
    assert all(len(column.description) > 20 for column in schema.columns)


SPOILT: list[tuple[str, Spoil, str]] = [
    ("unknown key", lambda s: s.update(colour=1), "colour: Extra inputs are not permitted."),
    (
        "wrong type",
        lambda s: s["columns"][0].update(type="text"),
        "columns.0.type: Input should be",
    ),
    ("no rows", lambda s: s.pop("rows"), "rows: Field required."),
    ("empty range", lambda s: s["columns"][0].update(min=99), "min 99 is greater than max 60."),
    ("infinite range", lambda s: s["columns"][0].update(max=1e999), "columns.0.max: Input should"),
    ("no target", lambda s: s["columns"].pop(), "there are 0 columns with the role target"),
    ("twice", lambda s: s["columns"].append(s["columns"][0]), "named twice: mean_radius."),
    ("bad name", lambda s: s["columns"][0].update(name="Mean radius"), "columns.0.name: String"),
]


@pytest.mark.parametrize(("_", "spoil", "said"), SPOILT, ids=[case[0] for case in SPOILT])
def test_a_broken_schema_is_a_sentence_with_the_place(
    _: str,
    spoil: Spoil,
    said: str,
    tmp_path: Path,
    data: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    content = json.loads((SERVICE / "schema.json").read_bytes())
    spoil(content)
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(content))
    assert validate.main(["--data", str(data), "--schema", str(path)]) == 3
    error = capsys.readouterr().err
    assert error.startswith(f"{path}: not a schema: ")
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_what_is_not_a_schema_at_all_is_a_sentence(
    content: bytes, tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "schema.json"
    path.write_bytes(content)
    assert validate.main(["--data", str(data), "--schema", str(path)]) == 3
    assert capsys.readouterr().err.startswith(f"{path}: not a schema: the file: ")


def test_training_needs_the_features_it_knows(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = json.loads((SERVICE / "schema.json").read_bytes())
    content["columns"][0]["name"] = "shoe_size"
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(content))
    arguments = ["--data", str(data), "--schema", str(path), "--output", str(tmp_path)]
    assert train.main([*arguments, "--commit", "a", "--epoch", "1"]) == 3
    assert capsys.readouterr().err.splitlines() == [
        f"{path}: the feature mean_radius is missing.",
        f"{path}: the feature shoe_size is not known here.",
    ]
