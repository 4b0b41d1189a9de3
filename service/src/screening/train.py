"""Train the model: ``python -m screening.train --data data.csv --schema schema.json …``.

Writes ``model.skops``, ``metrics.json``, ``card.md``, ``schema.json`` and ``heldout.json``. The
same input gives the same bytes. Whether the model is good enough is not decided here: the numbers
are written down, and the pipeline's gate decides.

Exit code 3 when data or schema are unusable, with one sentence a problem on standard error.
"""

import argparse
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np

from screening import card, cli, evaluate, store
from screening.errors import DataError
from screening.facts import Facts
from screening.features import FEATURES, TARGET, Labels, matrix
from screening.fit import fit
from screening.model import THRESHOLD, Classifier, label, probabilities
from screening.schema import Schema
from screening.schema import read as read_schema
from screening.split import Parts, Row, split
from screening.validate import checked

_LIBRARIES = ("numpy", "scikit-learn", "scipy", "skops")


@dataclass(frozen=True)
class Options:
    """What the command was asked to do."""

    data: Path
    schema: Path
    output: Path
    commit: str
    epoch: int


@dataclass(frozen=True)
class Judged:
    """A model with the rows it was judged by, the truth about them and its answers."""

    model: Classifier
    parts: Parts
    labels: Labels
    answers: list[float]


def train(options: Options) -> None:
    """Check, split, fit, measure, write.

    Raises:
        DataError: when the data or the schema cannot be used.
    """
    schema = read_schema(options.schema)
    data = checked(options.data, _matching(schema.schema, options.schema))
    judged = _judge(split(data.rows))
    content = store.save(judged.model, options.epoch)
    facts = _facts(options, judged, data.content, content)
    _write(options.output, schema.content, judged, content, facts)
    count = facts.rows["heldout"]
    cli.progress(f"{options.output}: {facts.metric} {facts.value:.4f} on {count} held-out rows.")


def _matching(schema: Schema, path: Path) -> Schema:
    """Make sure that the schema's columns are the ones the service knows."""
    named = {column.name for column in schema.features}
    problems = [f"{path}: the feature {name} is missing." for name in FEATURES if name not in named]
    problems += [
        f"{path}: the feature {name} is not known here." for name in sorted(named - set(FEATURES))
    ]
    target = schema.target
    if (target.name, target.type, target.min, target.max) != (TARGET, "integer", 0, 1):
        problems.append(
            f"{path}: the target is {target.name}, {target.allowed}; expected {TARGET}, 0 or 1."
        )
    if problems:
        raise DataError(*problems)
    return schema


def _judge(parts: Parts) -> Judged:
    for name, rows in (("train", parts.train), ("heldout", parts.heldout)):
        if {row[TARGET] for row in rows} != {0.0, 1.0}:
            raise DataError(
                f"The {name} rows do not hold both classes: {len(rows)} rows; give more data."
            )
    model = fit(matrix(parts.train), _labels(parts.train))
    answers = probabilities(model, matrix(parts.heldout))
    return Judged(model, parts, _labels(parts.heldout), answers)


def _labels(rows: Sequence[Row]) -> Labels:
    return np.array([int(row[TARGET]) for row in rows], dtype=np.int64)


def _facts(options: Options, judged: Judged, data: bytes, model: bytes) -> Facts:
    parts, truth = judged.parts, judged.labels.tolist()
    metrics = evaluate.measure(truth, judged.answers)
    value = metrics[evaluate.METRIC] or 0.0
    return Facts(
        metric=evaluate.METRIC,
        value=value,
        metrics=metrics,
        rows={"train": len(parts.train), "heldout": len(parts.heldout)},
        malignant={"train": int(_labels(parts.train).sum()), "heldout": sum(truth)},
        slices=evaluate.slices(parts.train, parts.heldout, truth, judged.answers),
        decision_threshold=THRESHOLD,
        commit=options.commit,
        epoch=options.epoch,
        data=store.digest(data),
        model=store.digest(model),
        trusted_types=list(store.TRUSTED_TYPES),
        versions=_versions(),
    )


def _versions() -> dict[str, str]:
    # Python's minor version only: its patch releases change no number here, and would change the
    # bytes of the facts.
    return {"python": ".".join(platform.python_version_tuple()[:2])} | {
        x: metadata.version(x) for x in _LIBRARIES
    }


def _write(folder: Path, schema: bytes, judged: Judged, model: bytes, facts: Facts) -> None:
    answers = [
        {"probability": p, "label": label(p, facts.decision_threshold)} for p in judged.answers
    ]
    rows = [{name: row[name] for name in FEATURES} for row in judged.parts.heldout]
    files = {
        "schema.json": schema,
        "heldout.json": cli.to_json({"rows": rows, "answers": answers}),
        "card.md": card.render(facts).encode(),
        "metrics.json": cli.to_json(facts.model_dump()),
        "model.skops": model,
    }
    for name, content in files.items():
        cli.write(folder / name, content)


def _epoch(text: str) -> int:
    """Read a Unix time; the archive of the model can write down those up to the year 2106."""
    value = int(text)
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError(f"{value} is not a time from 0 to {2**32 - 1} seconds")
    return value


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; give its exit code."""
    parser = argparse.ArgumentParser(prog="python -m screening.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the CSV file to learn from")
    parser.add_argument(
        "--schema", type=Path, required=True, help="the JSON file that says what it must look like"
    )
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="the folder to write to"
    )
    parser.add_argument(
        "--commit", required=True, metavar="SHA", help="the commit this is trained from"
    )
    parser.add_argument(
        "--epoch", type=_epoch, required=True, metavar="UNIX", help="that commit's time, in seconds"
    )
    options = Options(**vars(parser.parse_args(arguments)))
    return cli.run(lambda: train(options))


if __name__ == "__main__":
    sys.exit(main())
