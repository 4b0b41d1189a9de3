"""The row a model sees. Training and serving both build it here, so that they cannot come apart."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

# Ten measures of the cell nuclei of one sample, as `sklearn.datasets` describes them.
MEASURES = (
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave_points",
    "symmetry",
    "fractal_dimension",
)
# Each measure's mean, its standard error, and the mean of its three largest values; in this order
# in the source.
FEATURES: tuple[str, ...] = tuple(
    f"{statistic}_{measure}" for statistic in ("mean", "error", "worst") for measure in MEASURES
)
TARGET = "malignant"
# The feature by whose thirds a model's quality is reported: the size of the tumour's nuclei.
SIZE = "mean_area"

Matrix = NDArray[np.float64]
Labels = NDArray[np.int64]


def matrix(rows: Sequence[Mapping[str, float]]) -> Matrix:
    """Turn rows (feature name → value) into what the model takes: columns as in FEATURES."""
    values = [[float(row[name]) for name in FEATURES] for row in rows]
    return np.array(values, dtype=np.float64).reshape(len(rows), len(FEATURES))
