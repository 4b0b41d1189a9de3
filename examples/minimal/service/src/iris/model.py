"""The model: fit, answer, and its bytes. Training and serving share this file, so they cannot disagree."""

import io
import re
import time
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import skops.io
from sklearn.naive_bayes import GaussianNB

Row = Mapping[str, Any]
Answer = dict[str, float | str]


def fit(rows: Sequence[Row], features: Sequence[str], label: str) -> GaussianNB:
    """Fit the model to rows of the data set."""
    return GaussianNB().fit(_table(rows, features), np.array([row[label] for row in rows]))


def answer(model: GaussianNB, rows: Sequence[Row], features: Sequence[str]) -> list[Answer]:
    """Give the most probable label of each row, and how probable it is."""
    found = model.predict_proba(_table(rows, features))
    return [
        {"probability": round(float(row.max()), 6), "label": str(model.classes_[row.argmax()])}
        for row in found
    ]


def to_bytes(model: GaussianNB, epoch: int) -> bytes:
    """Write the model as skops does, but the same bytes every time.

    skops names objects by their address in memory and stamps the time of day: the addresses are numbered here, and the
    time is `epoch`, in seconds.
    """
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(model))) as archive:
        tree = archive.read("schema.json").decode()
        numbers = {found: i for i, found in enumerate(dict.fromkeys(re.findall(r"\d{9,}", tree)))}
        members = {_numbered(name, numbers): archive.read(name) for name in archive.namelist()}
    members["schema.json"] = _numbered(tree, numbers).encode()
    moment = time.gmtime(max(epoch, 315532800))[:6]  # a zip cannot hold a time before 1980
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in sorted(members.items()):
            archive.writestr(zipfile.ZipInfo(name, moment), content)
    return buffer.getvalue()


def from_bytes(content: bytes) -> GaussianNB:
    """Load a model. skops raises where it holds a type that it does not trust, so nothing of it can run."""
    return skops.io.loads(content)


def _table(rows: Sequence[Row], features: Sequence[str]) -> np.ndarray[Any, Any]:
    return np.array([[float(row[name]) for name in features] for row in rows])


def _numbered(text: str, numbers: Mapping[str, int]) -> str:
    return re.sub(r"\d{9,}", lambda found: str(numbers[found.group()]), text)
