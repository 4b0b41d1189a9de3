"""Fit the model: scaled features into a logistic regression.

Rounding makes the weights robust. Vector units of different CPUs add in different orders, so the
last digits of a fit differ (about 1e-14 relative, after a solver that converges quadratically).
Kept to eight significant digits, the weights are the same on all of them, unless one lies within
that 1e-14 of a rounding edge. It is done after each step, so that the next one starts from equal
numbers; and everything that is reported is measured on the rounded model, the one that ships.
"""

from typing import cast

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from screening.features import Labels, Matrix
from screening.model import Classifier

DIGITS = 8


def fit(values: Matrix, labels: Labels) -> Classifier:
    """Fit a model on rows and their classes; the same input gives the same weights."""
    scaler = StandardScaler().fit(values)
    for name in ("mean_", "var_", "scale_"):
        setattr(scaler, name, significant(getattr(scaler, name)))
    # Newton's method: exact curvature for 30 features, and so close to the optimum that rounding
    # decides nothing.
    regression = LogisticRegression(solver="newton-cholesky", tol=1e-8, max_iter=100)
    regression.fit(scaler.transform(values), labels)
    for name in ("coef_", "intercept_"):
        setattr(regression, name, significant(getattr(regression, name)))
    return cast(Classifier, Pipeline([("scale", scaler), ("classify", regression)]))


def significant(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round to eight significant digits, through text: no vector unit has a hand in it."""
    rounded = [float(f"{value:.{DIGITS - 1}e}") for value in values.ravel().tolist()]
    return np.array(rounded, dtype=np.float64).reshape(values.shape)
