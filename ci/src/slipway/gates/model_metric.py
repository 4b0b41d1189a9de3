"""The model gate: the declared metric on the held-out data is at least the declared threshold.

Whether the last released model is better is another gate's question (champion).
"""

from functools import partial

from ..errors import DataError
from ..formats.fields import Fields
from ..verdicts.tool_output import Context, ToolOutput
from ..verdicts.verdict import Finding, Severity, Status, Verdict
from .base import Gate, Read, TrainedModel

TOOL = "slipway"


def read(output: ToolOutput, context: Context, *, metric: str, threshold: float) -> Verdict:
    """The verdict on a model's metrics.json."""
    try:
        facts = Fields.parse(output.report, where="metrics.json")
        value = facts.optional_inner("metrics").values.get(metric)
        if isinstance(value, bool) or not isinstance(value, float | int):
            return _failed(
                context,
                "metric-missing",
                f"metrics.json has no number for {metric}",
                "Report it in train",
            )
        if value >= threshold:
            return context.verdict(TOOL, Status.PASSED, f"{metric} {value:.4f} ≥ {threshold:g}")
        rows = facts.inner("rows").whole("heldout")
    except DataError as error:
        return context.not_evaluated(TOOL, error.what)
    return _failed(
        context,
        "below-threshold",
        f"{metric} is {value:.4f} on {rows} held-out rows, the threshold {threshold:g}",
        "Train a better model, or change model.threshold in slipway.yaml and say why in the commit",
    )


def _failed(context: Context, name: str, title: str, remedy: str) -> Verdict:
    finding = Finding(
        id=name, severity=Severity.HIGH, title=title, where="metrics.json", remedy=remedy
    )
    return context.verdict(TOOL, Status.FAILED, title, (finding,))


async def _metrics(model: TrainedModel) -> str:
    return await model.directory.file("metrics.json").contents()


def _reader(model: TrainedModel) -> Read:
    declared = model.source.project.model
    return partial(read, metric=declared.metric, threshold=declared.threshold)


GATES = (
    Gate(
        name="model",
        title="the declared metric on held-out data",
        subject=TrainedModel,
        tool=TOOL,
        content=_metrics,
        reader=_reader,
    ),
)
