"""Measure how good probabilities are against the truth, in all and by the size of the tumour."""

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score, roc_curve

from screening.features import SIZE
from screening.split import Row

METRIC = "roc_auc"
SPECIFICITY = 0.95
_DECIMALS = 9

Metrics = dict[str, float | None]
Slice = dict[str, int | float | None]


def measure(labels: Sequence[int], probabilities: Sequence[float]) -> Metrics:
    """Give the metrics of some rows: two areas under curves, an operating point, calibration.

    A metric that needs both classes is None where there is only one.
    """
    brier = float(brier_score_loss(labels, probabilities, pos_label=1))
    if len(set(labels)) < 2:
        return {
            "roc_auc": None,
            "average_precision": None,
            _RECALL: None,
            "brier_score": _round(brier),
        }
    return {
        "roc_auc": _round(float(roc_auc_score(labels, probabilities))),
        "average_precision": _round(float(average_precision_score(labels, probabilities))),
        _RECALL: _round(_recall_at_specificity(labels, probabilities)),
        "brier_score": _round(brier),
    }


_RECALL = f"recall_at_specificity_{SPECIFICITY:g}"


def _recall_at_specificity(labels: Sequence[int], probabilities: Sequence[float]) -> float:
    """Give the share of malignant samples found where 95 % of the benign ones are left alone."""
    false_positives, recall, _ = roc_curve(labels, probabilities, drop_intermediate=False)
    return float(recall[false_positives <= 1 - SPECIFICITY].max())


def slices(
    train: Sequence[Row], rows: Sequence[Row], labels: Sequence[int], probabilities: Sequence[float]
) -> dict[str, Slice]:
    """Measure small, middle and large tumours apart, by the thirds of the rows learnt from."""
    low, high = np.quantile([row[SIZE] for row in train], [1 / 3, 2 / 3]).tolist()
    borders = {"small": (-np.inf, low), "middle": (low, high), "large": (high, np.inf)}
    return {
        f"{SIZE}:{name}": _slice(
            [
                (y, p)
                for row, y, p in zip(rows, labels, probabilities, strict=True)
                if least < row[SIZE] <= most
            ]
        )
        for name, (least, most) in borders.items()
    }


def _slice(pairs: Sequence[tuple[int, float]]) -> Slice:
    labels, found = [y for y, _ in pairs], [p for _, p in pairs]
    counts: Slice = {"rows": len(pairs), "malignant": sum(labels)}
    return {**counts, **measure(labels, found)} if pairs else counts


def _round(value: float) -> float:
    return round(value, _DECIMALS)
