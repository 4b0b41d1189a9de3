"""`python -m iris.train --data FILE --schema FILE --output DIR --commit SHA --epoch UNIX`: write the model and its facts.

Exit code 3 where the data does not fit its schema.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from . import model
from .validate import checked

CARD = """# iris

Names the species of an iris from four measurements, in centimetres. Gaussian naive Bayes, fitted to {train} rows of
Fisher's data of 1936; right for {value:.1%} of {heldout} rows that it did not see. Made from commit {commit}.
"""


def train(data: Path, schema_file: Path, commit: str, epoch: int) -> dict[str, bytes]:
    """Train; gives the content of each file that the pipeline expects, by its name."""
    rows, schema = checked(data, schema_file)
    features, label = list(schema["features"]), schema["label"]["name"]
    # Every fifth row is held out: the rows are in the order of the species, so each has its share.
    heldout, rest = rows[::5], [row for number, row in enumerate(rows) if number % 5]
    fitted = model.fit(rest, features, label)
    questions = [{name: float(row[name]) for name in features} for row in heldout]
    answers = model.answer(fitted, questions, features)
    right = [answer["label"] == row[label] for answer, row in zip(answers, heldout, strict=True)]
    value = sum(right) / len(right)
    counts = {"train": len(rest), "heldout": len(heldout)}
    metrics = {
        "metric": "accuracy",
        "value": value,
        "metrics": {"accuracy": value},
        "rows": counts,
    }
    return {
        "model.skops": model.to_bytes(fitted, epoch),
        "metrics.json": _json(metrics),
        "card.md": CARD.format(value=value, commit=commit, **counts).encode(),
        "schema.json": schema_file.read_bytes(),
        "heldout.json": _json({"rows": questions, "answers": answers}),
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True).encode()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "schema", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--commit", required=True)
    parser.add_argument("--epoch", type=int, required=True)
    options = parser.parse_args()
    files = train(options.data, options.schema, options.commit, options.epoch)
    options.output.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (options.output / name).write_bytes(content)
