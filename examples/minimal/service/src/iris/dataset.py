"""`python -m iris.dataset --output FILE`: write the data set, 150 rows that come with scikit-learn."""

import argparse
import csv
from pathlib import Path

from sklearn.datasets import load_iris

COLUMNS = ("sepal_length", "sepal_width", "petal_length", "petal_width", "species")


def write(path: Path) -> None:
    """Write the data set as CSV."""
    data = load_iris()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for values, target in zip(data.data, data.target, strict=True):
            writer.writerow([*map(float, values), data.target_names[target]])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    write(parser.parse_args().output)
