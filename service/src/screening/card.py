"""The model card: what a person should know before relying on the model, as Markdown."""

from collections.abc import Mapping
from datetime import UTC, datetime

from screening.facts import Facts

_TEXT = """# Model card: screening

{summary}

## What it is for

It shows how an ML service is built, tested, released and served. It tells malignant from benign
breast tumours by thirty measures of cell nuclei (fine needle aspirates, Wisconsin, 1995). It is not
a medical device: nobody should be diagnosed with it. The samples come from one hospital and are not
a picture of any population.

## How it was made

- commit `{commit}`, as of {moment} (UTC)
- data `{data}`
- weights `{model}`
- {train_rows} rows to learn from ({train_malignant} malignant)
- {heldout_rows} rows held out ({heldout_malignant} malignant).
- a row's side follows from a hash of its features, so a row stays held out in later data too
- scaled features, logistic regression; weights rounded to eight digits, and measured after that
- {versions}

## How good it is

On the held-out rows; a sample counts as malignant from a probability of {threshold:g} on.

{metrics}

By the size of the nuclei (thirds of the rows learnt from):

{slices}

## What the file holds

These types and no others. The service refuses a model with any other type in it, and one with
another digest:

{types}
"""


def render(facts: Facts) -> str:
    """Write the card of a model from the facts about it."""
    return _TEXT.format(
        summary=f"Held-out {facts.metric}: **{facts.value:.4f}**.",
        commit=facts.commit,
        moment=datetime.fromtimestamp(facts.epoch, UTC).strftime("%Y-%m-%d %H:%M:%S"),
        data=facts.data,
        model=facts.model,
        train_rows=facts.rows["train"],
        train_malignant=facts.malignant["train"],
        heldout_rows=facts.rows["heldout"],
        heldout_malignant=facts.malignant["heldout"],
        versions=", ".join(f"{name} {version}" for name, version in sorted(facts.versions.items())),
        threshold=facts.decision_threshold,
        metrics=_table("metric", {name: {"value": value} for name, value in facts.metrics.items()}),
        slices=_table("slice", facts.slices),
        types="\n".join(f"- `{name}`" for name in facts.trusted_types),
    )


def _table(first: str, rows: Mapping[str, Mapping[str, int | float | None]]) -> str:
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    lines = [f"| {' | '.join([first, *names])} |", f"|{'---|' * (len(names) + 1)}"]
    lines += [
        f"| {' | '.join([key, *(_cell(row.get(name)) for name in names)])} |"
        for key, row in rows.items()
    ]
    return "\n".join(lines)


def _cell(value: int | float | None) -> str:
    if value is None:
        return "not defined"
    return str(value) if isinstance(value, int) else f"{value:.4f}"
