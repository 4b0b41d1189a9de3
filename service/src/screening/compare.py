"""Compare two models: ``python -m screening.compare --challenger DIR --champion DIR …``.

Both are measured on the held-out rows of the data given, and the numbers are printed as JSON on
standard output. What they mean is not decided here: how much worse a challenger may be is declared
where the threshold is, and the pipeline's gate compares.

It is a step of its own, after training, so that nothing which a model is made of depends on what
was released before: the same commit gives the same model anywhere.

Exit codes: 3 when data or schema are unusable, 4 when the champion is, 1 when the challenger is;
with one sentence a problem on standard error.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from screening import cli, evaluate, facts, store
from screening.errors import ChampionError, DataError, ModelError
from screening.facts import Facts
from screening.features import FEATURES, TARGET, Labels, Matrix, matrix
from screening.model import Classifier, probabilities
from screening.schema import read as read_schema
from screening.split import Row, split
from screening.validate import checked

OTHER_FEATURES = "the champion takes other features, so it cannot answer these rows"


@dataclass(frozen=True)
class Options:
    """What the command was asked to do."""

    challenger: Path
    champion: Path
    data: Path
    schema: Path


@dataclass(frozen=True)
class Contender:
    """A verified model; the model is None where it takes other features than today's."""

    facts: Facts
    model: Classifier | None


def compare(options: Options) -> dict[str, object]:
    """Load both, measure both on the same rows, and give the numbers.

    Raises:
        DataError: when the data or the schema cannot be used.
        ChampionError: when the champion cannot be used.
        ModelError: when the challenger cannot be used.
    """
    rows = split(checked(options.data, read_schema(options.schema).schema).rows).heldout
    if {row[TARGET] for row in rows} != {0.0, 1.0}:
        raise DataError(f"The {len(rows)} held-out rows do not hold both classes; give more data.")
    challenger = load(options.challenger)
    if challenger.model is None:
        raise ModelError(f"{options.challenger}: the challenger takes other features.")
    champion = load_champion(options.champion)
    values, labels = matrix(rows), _labels(rows)
    return {
        "metric": evaluate.METRIC,
        "rows": len(rows),
        "challenger": _measured(challenger, values, labels),
        "champion": _measured(champion, values, labels),
        "reason": None if champion.model else OTHER_FEATURES,
    }


def load(folder: Path) -> Contender:
    """Load a model from its folder: ``model.skops``, ``metrics.json``, ``schema.json``.

    Raises:
        ModelError: when something is missing, damaged or not trusted.
        DataError: when its schema is.
        OSError: when a file cannot be read.
    """
    known = facts.read(folder / "metrics.json")
    columns = read_schema(folder / "schema.json").schema.features
    model = store.load((folder / "model.skops").read_bytes(), known.model)
    same = {column.name for column in columns} == set(FEATURES) and model.n_features_in_ == len(
        FEATURES
    )
    return Contender(known, model if same else None)


def load_champion(folder: Path) -> Contender:
    """Load the last released model.

    Raises:
        ChampionError: when something is missing, damaged or not trusted.
    """
    try:
        return load(folder)
    except (ModelError, DataError) as error:
        raise ChampionError(
            *(f"The champion cannot be used: {each}" for each in error.problems)
        ) from None
    except OSError as error:
        raise ChampionError(
            f"The champion cannot be used: {error.filename}: {error.strerror}."
        ) from None


def _measured(contender: Contender, values: Matrix, labels: Labels) -> dict[str, object]:
    """Its commit, weights and metrics; without metrics where it cannot answer the rows."""
    metrics: evaluate.Metrics | None = None
    if contender.model is not None:
        metrics = evaluate.measure(labels.tolist(), probabilities(contender.model, values))
    return {
        "commit": contender.facts.commit,
        "model": contender.facts.model,
        "metrics": metrics,
    }


def _print(found: dict[str, object]) -> None:
    print(cli.to_json(found).decode(), end="")


def _labels(rows: Sequence[Row]) -> Labels:
    return np.array([int(row[TARGET]) for row in rows], dtype=np.int64)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; give its exit code."""
    parser = argparse.ArgumentParser(prog="python -m screening.compare", description=__doc__)
    parser.add_argument(
        "--challenger", type=Path, required=True, metavar="DIR", help="the model just trained"
    )
    parser.add_argument(
        "--champion", type=Path, required=True, metavar="DIR", help="the last released model"
    )
    parser.add_argument("--data", type=Path, required=True, help="the CSV file to measure on")
    parser.add_argument(
        "--schema", type=Path, required=True, help="the JSON file that says what it must look like"
    )
    options = Options(**vars(parser.parse_args(arguments)))
    return cli.run(lambda: _print(compare(options)))


if __name__ == "__main__":
    sys.exit(main())
