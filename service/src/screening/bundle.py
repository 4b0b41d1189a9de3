"""What is served: a model that was verified, with what is known about it, from one folder.

The folder holds ``model.skops`` and ``metrics.json`` (which names the digest of the former) and
``schema.json``, all three as `train` wrote them, and where the pipeline built the image
``build.json``: ``{"commit": …, "model_digest": …}``.
"""

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from screening import facts, store
from screening.errors import DataError, ModelError
from screening.facts import Facts
from screening.features import FEATURES
from screening.model import Classifier
from screening.schema import Schema
from screening.schema import read as read_schema


class Build(BaseModel):
    """What the pipeline knows: the image's commit and the digest of the model artifact."""

    model_config = ConfigDict(extra="ignore", protected_namespaces=())
    commit: str | None = None
    model_digest: str | None = None


@dataclass(frozen=True)
class Bundle:
    """A verified model, the facts about it and about the image it is in."""

    model: Classifier
    facts: Facts
    build: Build


def load(folder: Path) -> Bundle:
    """Read and verify a model folder.

    Raises:
        ModelError: when something is missing, damaged, not trusted, or made for other features.
    """
    known, build = facts.read(folder / "metrics.json"), _read_build(folder / "build.json")
    path = folder / "model.skops"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: the model cannot be read ({error.strerror}).") from None
    model = store.load(content, known.model)
    if model.n_features_in_ != len(FEATURES):
        raise ModelError(
            f"{path}: the model takes {model.n_features_in_} features, expected {len(FEATURES)}."
        )
    return Bundle(model, known, build)


def load_schema(folder: Path) -> Schema:
    """Read the schema of the rows a model takes.

    Raises:
        ModelError: when it cannot be read or names other features than the service builds its rows
        from.
    """
    path = folder / "schema.json"
    try:
        schema = read_schema(path).schema
    except DataError as error:
        raise ModelError(*error.problems) from None
    if {column.name for column in schema.features} != set(FEATURES):
        raise ModelError(
            f"{path}: the features are not the {len(FEATURES)} that this service knows."
        )
    return schema


def _read_build(path: Path) -> Build:
    if not path.exists():
        return Build()
    try:
        return Build.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ModelError(
            f"{path}: the facts about the build cannot be read ({type(error).__name__})."
        ) from None
