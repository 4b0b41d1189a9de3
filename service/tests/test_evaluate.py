"""The metrics, on cases that can be reckoned by hand."""

import numpy as np
import pytest

from screening.evaluate import measure, slices
from screening.features import SIZE
from screening.fit import significant


def test_a_perfect_model() -> None:
    metrics = measure([0, 0, 1, 1], [0.0, 0.0, 1.0, 1.0])
    assert metrics == {
        "roc_auc": 1.0,
        "average_precision": 1.0,
        "recall_at_specificity_0.95": 1.0,
        "brier_score": 0.0,
    }


def test_one_swapped_pair() -> None:
    metrics = measure([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9])
    assert metrics["roc_auc"] == 0.75  # three of four pairs are in order
    assert metrics["average_precision"] == pytest.approx(1 / 2 * 1 + 1 / 2 * 2 / 3)
    assert metrics["recall_at_specificity_0.95"] == 0.5  # above 0.6 there is one of two
    assert metrics["brier_score"] == pytest.approx((0.01 + 0.36 + 0.36 + 0.01) / 4)


def test_one_class_has_no_curve_but_a_brier_score() -> None:
    metrics = measure([1, 1], [0.5, 1.0])
    assert metrics["roc_auc"] is None
    assert metrics["brier_score"] == 0.125


def test_slices_are_the_thirds_of_the_rows_learnt_from() -> None:
    train = [{SIZE: float(size)} for size in range(100)]
    held = [{SIZE: size} for size in (5.0, 20.0, 50.0, 1000.0)]
    found = slices(train, held, [0, 1, 1, 1], [0.1, 0.9, 0.5, 0.5])
    assert {name: (part["rows"], part["malignant"]) for name, part in found.items()} == {
        "mean_area:small": (2, 1),
        "mean_area:middle": (1, 1),
        "mean_area:large": (1, 1),
    }
    assert found["mean_area:small"]["roc_auc"] == 1.0
    assert found["mean_area:large"]["roc_auc"] is None


def test_an_empty_slice_says_so() -> None:
    found = slices([{SIZE: 1.0}, {SIZE: 2.0}], [{SIZE: 9.0}], [1], [0.5])
    assert found["mean_area:small"] == {"rows": 0, "malignant": 0}


def test_rounding_keeps_eight_digits_of_any_magnitude() -> None:
    values = np.array([[123456789.123, -1.23456789e-12], [0.0, 2 / 3]])
    expected = [[123456790.0, -1.2345679e-12], [0.0, 0.66666667]]
    assert significant(values).tolist() == expected
