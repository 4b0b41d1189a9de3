"""The ML-BOM: valid by the strict schema, complete, the same bytes, nothing guessed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given, settings
from hypothesis import strategies as st
from slipway.attestations.mlbom import ModelFacts, facts_of, ml_bom
from slipway.errors import DataError
from slipway.oci.digests import Digest
from slipway.oci.modelpack import Facts, ModelFile, Role, pack

ROOT = Path(__file__).parents[3]
METRICS: dict[str, Any] = {
    "metric": "roc_auc",
    "value": 0.99,
    "metrics": {"roc_auc": 0.99, "recall": None, "ok": True},
    "slices": {"small": {"roc_auc": 0.97, "rows": 30}, "large": {"roc_auc": 1}},
    "rows": {"train": 400, "heldout": 100},
    "versions": {"python": "3.11", "scikit-learn": "1.7.2", "not a name": "1"},
    "task": "binary classification",
    "architecture": "logistic regression",
    "architecture_family": "linear model",
    "considerations": {"users": ["people"], "use_cases": ["learning"], "limitations": ["old data"]},
}
FACTS = ModelFacts(
    name="screening",
    commit="a" * 40,
    epoch=1_767_225_600,
    files={"model.skops": Digest.of(b"weights"), "card.md": Digest.of(b"card")},
    metrics=json.dumps(METRICS),
    schema=(ROOT / "service/schema.json").read_text(encoding="utf-8"),
    data=Digest.of(b"data"),
    tool_version="sha256:1",
)
VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)


def made(**changes: Any) -> dict[str, Any]:
    text = ml_bom(replace(FACTS, **changes))
    assert VALIDATOR.validate_str(text) is None
    found = json.loads(text)
    assert isinstance(found, dict)
    return found


def test_everything_that_is_known_stands_in_it() -> None:
    bom = made()
    model = bom["metadata"]["component"]
    assert model["type"] == "machine-learning-model"
    assert model["hashes"] == [{"alg": "SHA-256", "content": Digest.of(b"weights").hex}]
    assert bom["metadata"]["timestamp"] == "2026-01-01T00:00:00Z"
    parameters = model["modelCard"]["modelParameters"]
    assert parameters["task"] == "binary classification"
    assert parameters["modelArchitecture"] == "logistic regression"
    assert len(parameters["inputs"]) == 30
    assert parameters["inputs"][0] == {"format": "mean_radius: number"}
    assert parameters["outputs"] == [{"format": "malignant: integer"}]
    data = next(each for each in bom["components"] if each["bom-ref"] == "data")
    assert parameters["datasets"] == [{"ref": "data"}]
    assert data["hashes"][0]["content"] == Digest.of(b"data").hex
    assert model["modelCard"]["quantitativeAnalysis"]["performanceMetrics"] == [
        {"type": "roc_auc", "value": "0.99"},
        {"type": "roc_auc", "value": "1", "slice": "large"},
        {"type": "roc_auc", "value": "0.97", "slice": "small"},
        {"type": "rows", "value": "30", "slice": "small"},
    ]
    limits = model["modelCard"]["considerations"]["technicalLimitations"]
    assert limits == ["measured on 100 held-out rows", "old data"]
    names = [each["name"] for each in bom["components"] if each["type"] == "library"]
    assert names == ["scikit-learn"]


def test_the_same_model_gives_the_same_bytes() -> None:
    assert ml_bom(FACTS) == ml_bom(replace(FACTS, files=dict(sorted(FACTS.files.items()))))


def test_the_facts_are_those_of_the_artifact() -> None:
    file = ModelFile(name="model.skops", size=7, digest=Digest.of(b"weights"), role=Role.WEIGHT)
    packed = pack([file], Facts(name="screening", commit="a" * 40, epoch=FACTS.epoch))
    found = facts_of(
        packed.manifest.decode(), metrics=FACTS.metrics, schema=FACTS.schema, data=FACTS.data,
        tool_version="sha256:1",
    )  # fmt: skip
    assert found == replace(FACTS, files={"model.skops": Digest.of(b"weights")})


@pytest.mark.parametrize(
    "schema", ['{"features": {"a": {}}, "label": {"name": "b"}}', "{}", '{"columns": 3}']
)
def test_the_least_that_a_project_may_say_is_enough(schema: str) -> None:
    bom = made(metrics='{"metric": "accuracy", "value": 1}', schema=schema, files={})
    card = bom["metadata"]["component"]["modelCard"]
    assert "task" not in card["modelParameters"]
    assert card["considerations"] == {}


@pytest.mark.parametrize("wrong", [{"metrics": "[]"}, {"schema": "no"}, {"metrics": '{"rows": 1}'}])
def test_what_is_no_description_of_a_model_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(DataError):
        ml_bom(replace(FACTS, **wrong))  # type: ignore[arg-type]


TEXT = st.text(max_size=12)


@settings(max_examples=12, deadline=None)
@given(
    st.dictionaries(TEXT, st.floats(allow_nan=False, allow_infinity=False), max_size=4),
    st.dictionaries(TEXT, TEXT, max_size=4),
    TEXT,
)
def test_whatever_a_project_calls_things_the_bom_is_valid(
    metrics: dict[str, float], versions: dict[str, str], name: str
) -> None:
    said = METRICS | {
        "metrics": metrics,
        "slices": {name: metrics},
        "versions": versions,
        "task": name,
    }
    made(metrics=json.dumps(said), name=name)
