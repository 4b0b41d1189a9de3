"""The model as ModelPack: as the specification has it, the same bytes every time, nothing untrue."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from slipway.errors import DataError
from slipway.oci.digests import Digest
from slipway.oci.modelpack import FILEPATH, METRICS, Facts, ModelFile, Role, pack, titled

COMMIT = "a" * 40


def file(name: str, role: Role) -> ModelFile:
    return ModelFile(name=name, size=len(name), digest=Digest.of(name.encode()), role=role)


FILES = [
    file("model.skops", Role.WEIGHT),
    file("card.md", Role.DOC),
    file("schema.json", Role.WEIGHT_CONFIG),
]
FACTS = Facts(
    name="screening",
    commit=COMMIT,
    epoch=0,
    architecture="gradient boosting",
    metrics={"roc_auc": 0.99},
)


def test_the_configuration_has_only_what_the_schema_knows() -> None:
    assert json.loads(pack(FILES, FACTS).config) == {
        "descriptor": {
            "createdAt": "1970-01-01T00:00:00Z",
            "name": "screening",
            "version": COMMIT,
            "revision": COMMIT,
        },
        "modelfs": {
            "type": "layers",
            "diffIds": [
                str(Digest.of(each)) for each in (b"card.md", b"model.skops", b"schema.json")
            ],
        },
        "config": {"architecture": "gradient boosting", "format": "skops"},
    }


def test_each_file_is_a_layer_that_knows_its_path() -> None:
    packed = pack(FILES, FACTS)
    made = json.loads(packed.manifest)
    assert made["artifactType"] == "application/vnd.cncf.model.manifest.v1+json"
    assert made["config"]["mediaType"] == "application/vnd.cncf.model.config.v1+json"
    assert made["config"]["digest"] == str(Digest.of(packed.config))
    assert [each["mediaType"] for each in made["layers"]] == [
        "application/vnd.cncf.model.doc.v1.raw",
        "application/vnd.cncf.model.weight.v1.raw",
        "application/vnd.cncf.model.weight.config.v1.raw",
    ]
    assert [each["annotations"][FILEPATH] for each in made["layers"]] == [
        "card.md",
        "model.skops",
        "schema.json",
    ]
    assert made["annotations"][METRICS] == '{"roc_auc":0.99}'


def test_the_order_of_the_files_does_not_matter() -> None:
    assert pack(FILES, FACTS).digest == pack(FILES[::-1], FACTS).digest
    assert pack(FILES, FACTS).digest != pack(FILES, replace(FACTS, epoch=1)).digest


@pytest.mark.parametrize("weights", [0, 2])
def test_a_model_has_one_file_of_weights(weights: int) -> None:
    files = [file(f"{n}.skops", Role.WEIGHT) for n in range(weights)]
    with pytest.raises(DataError, match=f"one file of weights, not {weights}"):
        pack(files, FACTS)


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "../x", "a/../b", "-rf", "a b", "card.md", "a\n"]
)
def test_a_file_stays_in_its_folder_and_stands_there_once(name: str) -> None:
    with pytest.raises(DataError, match="not a file name of a model"):
        pack([*FILES, file(name, Role.DOC)], FACTS)


def test_a_metric_is_a_number() -> None:
    with pytest.raises(DataError, match="roc_auc is nan"):
        pack(FILES, replace(FACTS, metrics={"roc_auc": float("nan")}))


def test_the_files_are_found_again_by_their_names() -> None:
    found = titled(pack(FILES, FACTS).manifest, where="test")
    assert found == {each.name: each.digest for each in FILES}


@pytest.mark.parametrize("name", ["../model.skops", "/etc/passwd", "a//b", "", ".hidden", "a/../b"])
def test_a_name_that_would_leave_the_folder_is_refused(name: str) -> None:
    manifest = pack(FILES, FACTS).manifest.decode().replace('"card.md"', json.dumps(name))
    assert json.dumps(name) in manifest
    with pytest.raises(DataError, match="not a file name"):
        titled(manifest, where="test")


def test_two_files_of_one_name_are_refused() -> None:
    manifest = pack(FILES, FACTS).manifest.decode().replace('"card.md"', '"model.skops"')
    with pytest.raises(DataError, match="stands there twice"):
        titled(manifest, where="test")


def test_a_model_without_files_is_none() -> None:
    with pytest.raises(DataError, match="without any file"):
        titled('{"layers": []}', where="test")
