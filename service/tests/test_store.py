"""Saved models: the same bytes each time, and nothing loaded that was not verified."""

import io
import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.dummy import DummyClassifier
from sklearn.preprocessing import StandardScaler

from screening import store
from screening.bundle import Bundle
from screening.errors import ModelError
from screening.features import FEATURES
from support import EPOCH

ROW = np.full((1, len(FEATURES)), 0.5)
Spoil = Callable[[dict[str, Any]], object]


@pytest.fixture
def content(model_dir: Path) -> bytes:
    """The bytes of the trained model."""
    return (model_dir / "model.skops").read_bytes()


def with_tree(content: bytes, spoil: Spoil) -> bytes:
    """Change the tree of types in an archive."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            tree = json.loads(old.read(name)) if name == "schema.json" else None
            if tree:
                spoil(tree)
            new.writestr(name, json.dumps(tree) if tree else old.read(name))
    return changed.getvalue()


def test_saving_a_loaded_model_gives_the_same_bytes(content: bytes) -> None:
    model = store.load(content, store.digest(content))
    assert store.save(model, EPOCH) == content


def test_a_saved_model_answers_as_before(content: bytes, bundle: Bundle) -> None:
    again = store.load(content, store.digest(content))
    assert again.predict_proba(ROW).tolist() == bundle.model.predict_proba(ROW).tolist()


def test_nothing_in_the_archive_depends_on_time_or_memory(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {member.date_time for member in archive.infolist()} == {(2023, 11, 14, 22, 13, 20)}
        names = archive.namelist()
        assert names == [*(f"{n:03}.npy" for n in range(len(names) - 1)), "schema.json"]
        assert b"__id__" not in archive.read("schema.json")


@pytest.mark.parametrize("epoch", [-1, 0, 315_532_799])
def test_times_before_the_first_of_zip_become_the_first(epoch: int, bundle: Bundle) -> None:
    assert store.save(bundle.model, epoch) == store.save(bundle.model, 315_532_800)


def test_another_digest_is_refused_before_anything_is_read(content: bytes) -> None:
    with pytest.raises(ModelError, match="expected sha256:00: it was changed or damaged"):
        store.load(content, "sha256:00")


def refusal(content: bytes) -> str:
    """Give the sentence with which some bytes are refused, their digest being right."""
    with pytest.raises(ModelError) as caught:
        store.load(content, store.digest(content))
    return str(caught.value)


SPOILT: list[tuple[Spoil, str]] = [
    (lambda t: t.update(__module__="os", __class__="system"), "types not trusted: os.system."),
    (
        lambda t: t["content"].update(__loader__="FunctionNode"),
        "types not trusted: loader FunctionNode.",
    ),
    (lambda t: t.update(__module__="builtins", __class__="eval"), "not trusted: builtins.eval."),
    (
        # skops itself would load this one: it trusts every estimator of scikit-learn.
        lambda t: t.update(__module__="sklearn.svm._classes", __class__="SVC"),
        "types not trusted: sklearn.svm._classes.SVC.",
    ),
    (lambda t: t.pop("content"), "The model is a Pipeline, expected a classifier."),
    (lambda t: t.pop("__class__"), "not a skops archive that can be read"),
    (lambda t: t.update(protocol=99), "not a skops archive that can be read"),
]


@pytest.mark.parametrize(("spoil", "said"), SPOILT)
def test_a_tree_with_anything_foreign_is_refused(content: bytes, spoil: Spoil, said: str) -> None:
    assert said in refusal(with_tree(content, spoil))


@pytest.mark.parametrize("junk", [b"", b"junk", b"\x80\x04\x95pickle", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_archive_is_refused(junk: bytes) -> None:
    assert "not a skops archive that can be read" in refusal(junk)


def test_half_an_archive_is_refused(content: bytes) -> None:
    assert "not a skops archive" in refusal(content[: len(content) // 2])


def test_an_archive_that_unpacks_to_very_much_is_refused() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * 5_000_000)
    assert len(bomb.getvalue()) < 10_000
    assert "unpacks to more than 4,000,000 bytes" in refusal(bomb.getvalue())


def test_a_model_of_another_kind_is_refused() -> None:
    dummy = DummyClassifier().fit(ROW, [1])
    found = refusal(store.save(dummy, EPOCH))
    assert "sklearn.dummy.DummyClassifier" in found


def test_a_trusted_type_that_classifies_nothing_is_refused() -> None:
    scaler = StandardScaler().fit(ROW)
    assert refusal(store.save(scaler, EPOCH)) == (
        "The model is a StandardScaler, expected a classifier."
    )


@given(st.data())
def test_no_change_of_bytes_breaks_the_reader(model_dir: Path, data: st.DataObject) -> None:
    content = bytearray((model_dir / "model.skops").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    spoilt = bytes(content)
    with suppress(ModelError):  # and nothing else
        # A change may go unnoticed in a place that holds no type, such as a weight.
        assert type(store.load(spoilt, store.digest(spoilt))).__name__ == "Pipeline"
