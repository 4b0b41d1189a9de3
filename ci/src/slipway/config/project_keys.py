"""The keys of slipway.yaml: declared here, read by `project`, shown by the JSON Schema and docs.

Configuration knows no plug-in: the names of the infrastructure engines are an argument.
"""

from __future__ import annotations

from functools import cache

from ..verdicts.verdict import Severity, WhenNotEvaluated
from .keys import (
    ChoiceKey,
    DateKey,
    IntegerKey,
    NumberKey,
    SectionKey,
    SectionListKey,
    TextKey,
    TextListKey,
)
from .text_formats import ENDPOINT, FINDING, IMPORT, LABEL, METRIC, PACKAGE, PATH, REASON, TYPE

SEVERITIES = tuple(each.word for each in Severity if each is not Severity.UNKNOWN)
NOT_EVALUATED = tuple(each.value for each in WhenNotEvaluated)
STATES = ("none", "embedded")
VERSION = IntegerKey(
    name="version",
    required=True,
    low=1,
    high=1,
    example=1,
    description="The version of this file's format.",
)
EVERYTHING = ("src/**",)
# Scores that are shares: a threshold of 97 for them is a slip of the pen, and no model would ever
# pass.
SHARES = (
    *("roc_auc", "accuracy", "balanced_accuracy"),
    *("f1", "precision", "recall", "average_precision"),
)

_SERVICE = SectionKey(
    name="service",
    required=True,
    description="The service: where its code is, and how to reach it.",
    keys=(
        TextKey(
            name="folder",
            required=True,
            format=PATH,
            example="service",
            description="The service's folder, relative to the root of the project.",
        ),
        TextKey(
            name="package",
            required=True,
            format=PACKAGE,
            example="screening",
            description="The service's Python package, which is in `src/` of its folder.",
        ),
        IntegerKey(
            name="port",
            low=1,
            high=65535,
            default=8080,
            example=8081,
            description="The TCP port that the service listens on; it gets it as `$PORT`.",
        ),
        TextKey(
            name="ready",
            format=ENDPOINT,
            default="/readyz",
            example="/readyz",
            description="The endpoint that answers once the service is ready for requests.",
        ),
        TextKey(
            name="predict",
            format=ENDPOINT,
            default="/predict",
            example="/v1/predict",
            description="The endpoint that answers with predictions; the smoke test posts rows to it.",
        ),
    ),
)
_MODEL = SectionKey(
    name="model",
    required=True,
    description="The model: its data, what training reads, and the score that it has to reach.",
    constraints={
        "if": {"required": ["metric"], "properties": {"metric": {"enum": list(SHARES)}}},
        "then": {
            "properties": {
                "threshold": {"minimum": 0, "maximum": 1},
                "champion-tolerance": {"maximum": 1},
            }
        },
    },
    keys=(
        TextKey(
            name="data",
            format=PATH,
            example="data/rows.csv",
            description="The data set, a CSV file of the project. Without it, "
            "`python -m PACKAGE.dataset` makes the data set.",
        ),
        TextKey(
            name="schema",
            required=True,
            format=PATH,
            example="service/schema.json",
            description="The file that describes the columns of the data set.",
        ),
        TextKey(
            name="metric",
            required=True,
            format=METRIC,
            example="roc_auc",
            description="The metric, computed on held-out rows, that decides whether the model is "
            "good enough. Higher is better.",
        ),
        NumberKey(
            name="threshold",
            required=True,
            example=0.97,
            description="The least value of the metric with which a model passes; from 0 to 1 for "
            f"{', '.join(f'`{each}`' for each in SHARES)}.",
        ),
        NumberKey(
            name="champion-tolerance",
            low=0,
            example=0.005,
            description="How far the metric may fall below that of the last released model on the "
            "same rows, in units of the metric. Without it, the two are not compared.",
        ),
        TextListKey(
            name="sources",
            item=PATH,
            default=EVERYTHING,
            example=["pyproject.toml", "src/screening/train.py"],
            description="The files that training reads, as patterns relative to the service's "
            "folder. A change of any other file does not train again.",
        ),
        TextListKey(
            name="pickle-globals",
            item=IMPORT,
            example=["numpy:dtype"],
            description="What a pickle among the model's files may import. A pickle that imports "
            "anything else is refused.",
        ),
        TextListKey(
            name="trusted-types",
            item=TYPE,
            example=["numpy.dtype"],
            description="The types that a skops file may hold although skops does not trust them "
            "by itself. A file with any other such type is refused.",
        ),
    ),
)
_IGNORE = SectionListKey(
    name="ignore",
    description="Waivers: findings that do not fail a gate, each until a date. An id is waived once.",
    keys=(
        TextKey(
            name="id",
            required=True,
            format=FINDING,
            example="CVE-2026-1234",
            description="The id of the finding, as the gate reports it.",
        ),
        TextKey(
            name="reason",
            required=True,
            format=REASON,
            example="the function is not reached",
            description="Why the finding may pass.",
        ),
        DateKey(
            name="expires",
            required=True,
            example="2026-12-31",
            description="The last day on which the waiver holds.",
        ),
    ),
)
_GATES = SectionKey(
    name="gates",
    description="What the gates let pass when a release is made.",
    keys=(
        ChoiceKey(
            name="vulnerabilities",
            choices=SEVERITIES,
            default="high",
            example="high",
            description="The least severity of a vulnerability that fails a gate. One of unknown "
            "severity always does.",
        ),
        ChoiceKey(
            name="not-evaluated",
            choices=NOT_EVALUATED,
            default="fail",
            example="fail",
            description="What happens when a gate could not look, for example because no "
            "vulnerability database is in reach: `fail` stops the release, `allow` records it and goes on.",
        ),
        _IGNORE,
    ),
)


@cache
def project_keys(engines: tuple[str, ...]) -> SectionKey:
    """The keys of slipway.yaml, where `infrastructure.engine` is one of `engines`; the first is the default."""
    return SectionKey(
        name="slipway.yaml",
        description="What a project declares to Slipway: its service, model, infrastructure and gates.",
        keys=(
            VERSION,
            TextKey(
                name="name",
                required=True,
                format=LABEL,
                example="screening",
                description="The project's name. The names of its repositories are made from it.",
            ),
            _SERVICE,
            _MODEL,
            _infrastructure(engines),
            _GATES,
            TextListKey(
                name="environments",
                item=LABEL,
                example=["staging", "production"],
                description="Names of environments. Reserved for delivery: nothing reads this key yet.",
            ),
        ),
    )


def _infrastructure(engines: tuple[str, ...]) -> SectionKey:
    return SectionKey(
        name="infrastructure",
        required=True,
        description="The infrastructure: the stack to plan, the program that plans it, and its state.",
        keys=(
            ChoiceKey(
                name="engine",
                choices=engines,
                default=engines[0],
                example=engines[0],
                description="The program that plans and applies the stack.",
            ),
            TextKey(
                name="stack",
                required=True,
                format=PATH,
                example="terraform/stacks/local",
                description="The stack's folder, relative to the root of the project.",
            ),
            ChoiceKey(
                name="state",
                choices=STATES,
                default="none",
                example="embedded",
                description="Where the state of the infrastructure is kept: `embedded` is a database "
                "in the Dagger engine; `none` keeps no state, so that every plan is a first one.",
            ),
        ),
    )
