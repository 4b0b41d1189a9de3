"""What is asked of a model and how its answers are made, in training and in serving."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from screening.features import Matrix

# Probabilities are given with nine decimals: enough for any use, few enough to be the same on each
# CPU.
DECIMALS = 9
# A sample counts as malignant from this probability on.
THRESHOLD = 0.5


class Classifier(Protocol):
    """What the service uses of a model."""

    n_features_in_: int

    def predict_proba(self, values: Matrix, /) -> NDArray[np.float64]:
        """Give each row's probability for class 0 and class 1."""


def probabilities(model: Classifier, values: Matrix) -> list[float]:
    """Give each row's probability of being malignant: from 0 to 1, with nine decimals."""
    return [round(value, DECIMALS) for value in model.predict_proba(values)[:, 1].tolist()]


def label(probability: float, threshold: float) -> int:
    """Give the class of a probability: 1 from the threshold on, else 0."""
    return int(probability >= threshold)
