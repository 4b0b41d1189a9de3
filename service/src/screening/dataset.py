"""Write the data a model is trained on: ``python -m screening.dataset --output data.csv``.

It is the Wisconsin diagnostic breast cancer data (569 samples, 30 features) that ships inside
scikit-learn's wheel, so nothing is fetched. In the source 0 is malignant and 1 benign; here the
column ``malignant`` is 1 for what its name says.
"""

import argparse
import csv
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from screening import cli
from screening.features import FEATURES, TARGET


def build() -> bytes:
    """Give the data as CSV: a header, then one sample a line in the source's order.

    Lines end with a line feed. Values are the shortest text that reads back as the same number.
    """
    from sklearn.datasets import (
        load_breast_cancer,
    )  # here: half a second that `--help` need not wait for

    source = load_breast_cancer()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*FEATURES, TARGET])
    for values, benign in zip(source.data.tolist(), source.target.tolist(), strict=True):
        writer.writerow([*map(repr, values), 1 - benign])
    return text.getvalue().encode()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; give its exit code."""
    parser = argparse.ArgumentParser(prog="python -m screening.dataset", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="the CSV file to write")
    options = parser.parse_args(arguments)
    return cli.run(lambda: cli.write(options.output, build()))


if __name__ == "__main__":
    sys.exit(main())
