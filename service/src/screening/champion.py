"""Champion and challenger: measure the last released model on the rows the new one is judged by."""

from dataclasses import dataclass
from pathlib import Path

from screening import evaluate, facts, store
from screening.errors import ChampionError, DataError, ModelError
from screening.facts import Comparison, Facts
from screening.features import FEATURES, Labels, Matrix
from screening.model import Classifier, probabilities
from screening.schema import read as read_schema

# A challenger may be this much below the champion. One swapped pair of held-out rows changes ROC
# AUC by 0.0002; half a point is more than noise of that kind and less than anybody would want to
# lose unasked.
TOLERANCE = 0.005


@dataclass(frozen=True)
class Champion:
    """A released model, verified; the model is None where it takes other features than today's."""

    facts: Facts
    model: Classifier | None


def load(folder: Path) -> Champion:
    """Load the champion from its folder: ``model.skops``, ``metrics.json``, ``schema.json``.

    Raises:
        ChampionError: when something is missing, damaged or not trusted.
    """
    try:
        known = facts.read(folder / "metrics.json")
        columns = read_schema(folder / "schema.json").schema.features
        content = (folder / "model.skops").read_bytes()
        model = store.load(content, known.model)
    except (ModelError, DataError) as error:
        raise ChampionError(
            *(f"The champion cannot be used: {each}" for each in error.problems)
        ) from None
    except OSError as error:
        raise ChampionError(
            f"The champion cannot be used: {error.filename}: {error.strerror}."
        ) from None
    same = {column.name for column in columns} == set(FEATURES) and model.n_features_in_ == len(
        FEATURES
    )
    return Champion(known, model if same else None)


def compare(champion: Champion, value: float, values: Matrix, labels: Labels) -> Comparison:
    """Measure a champion on held-out rows; ``value`` is the challenger's metric on these."""
    if champion.model is None:
        return _comparison(
            champion,
            None,
            None,
            "the champion takes other features, so it cannot answer these rows",
        )
    metrics = evaluate.measure(labels.tolist(), probabilities(champion.model, values))
    before = metrics[evaluate.METRIC]
    difference = None if before is None else round(value - before, 9)
    return _comparison(champion, metrics, difference, None)


def _comparison(
    champion: Champion,
    metrics: evaluate.Metrics | None,
    difference: float | None,
    reason: str | None,
) -> Comparison:
    return Comparison(
        commit=champion.facts.commit,
        model=champion.facts.model,
        value=metrics[evaluate.METRIC] if metrics else None,
        difference=difference,
        tolerance=TOLERANCE,
        not_worse=None if difference is None else difference >= -TOLERANCE,
        reason=reason,
        metrics=metrics,
    )
