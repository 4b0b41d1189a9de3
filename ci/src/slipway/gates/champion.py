"""Output of a service's own `python -m <package>.compare`: the last released model against the new one.

Standard output is a JSON object: `challenger` and `champion`, each with `metrics` (a name to a number), both measured
on the same `rows` held-out rows; `reason` says why the champion has no metrics, where it cannot answer these rows.
Exit codes: 0 measured, 3 the data is not usable, 4 the champion is not. Any other code is a crash.
"""

from dataclasses import replace
from functools import partial

from ..artifacts.model import CHAMPION_OUT
from ..artifacts.source import BAD_DATA, DATA
from ..config.project import Project
from ..errors import DataError
from ..formats.fields import Fields
from ..formats.writable import plain
from ..policy.champion import GATE
from ..runtime.stage import Stage
from ..runtime.tools import NOBODY, OFFLINE
from ..verdicts.tool_output import Context, ToolOutput, count
from ..verdicts.verdict import Finding, Severity, Status, Verdict, decide
from .base import SERVICE, Answer, Gate, ModelPair, Read

TOOL = "compare"
BAD_CHAMPION = 4
_DIGITS = 9  # differences of floats: 0.97 - 0.965 is a little more than 0.005
_WAIVE = "waive it under gates.ignore in slipway.yaml, with the reason"


def read(output: ToolOutput, context: Context, *, metric: str, tolerance: float) -> Verdict:
    """The verdict: the challenger's `metric` is below the champion's by `tolerance` at most, more being better.

    A champion that cannot be used is not evaluated; one that cannot answer these rows is a finding, so that a project
    can say in a waiver why that is right.
    """
    if output.exit_code:
        return context.not_evaluated(TOOL, f"it ended with code {output.exit_code}", output.stderr)
    try:
        fields = Fields.parse(output.report, where=TOOL)
        mine, theirs = (_value(fields.inner(name), metric) for name in ("challenger", "champion"))
        reason = fields.optional_text("reason") or f"the champion has no {metric}"
        rows = count(fields.whole("rows"), "held-out row")
    except DataError as error:
        return context.not_evaluated(TOOL, error.what)
    if mine is None:
        return context.not_evaluated(TOOL, f"the challenger has no {metric}")
    if theirs is None:
        finding = _finding(
            "champion-not-comparable",
            reason,
            f"If that is meant, {_WAIVE}; the release makes this model the champion",
        )
        return _judged(context, finding, plain(reason))
    comparison = f"{metric} {mine:.4f}, the last released model's {theirs:.4f}, on {rows}"
    if round(theirs - mine, _DIGITS) <= tolerance:
        return context.verdict(TOOL, Status.PASSED, comparison)
    finding = _finding(
        "worse-than-champion",
        f"{comparison}: worse by more than {tolerance:g}",
        f"Train a better model; if it is meant, {_WAIVE}",
    )
    return _judged(context, finding, finding.title)


def _value(model: Fields, metric: str) -> float | None:
    return model.optional_inner("metrics").optional_number(metric)


def _judged(context: Context, finding: Finding, summary: str) -> Verdict:
    status = decide(
        (finding,), threshold=context.threshold, waivers=context.waivers, today=context.today
    )
    return context.verdict(TOOL, status, summary, (finding,))


def _finding(name: str, title: str, remedy: str) -> Finding:
    return Finding(id=name, severity=Severity.HIGH, title=plain(title), remedy=remedy)


def compare_stage(pair: ModelPair) -> Stage:
    """The stage that loads both models and measures them on the same rows, without a network."""
    source = pair.source
    champion = pair.champion or pair.challenger
    return Stage(
        name=GATE,
        container=source.packaged(),
        argv=(
            *OFFLINE, "--user", NOBODY, "--",
            "python", "-m", f"{source.project.service.package}.compare",
            "--challenger", pair.challenger.path, "--champion", CHAMPION_OUT,
            "--data", f"{DATA}/data.csv", "--schema", f"{DATA}/schema.json",
        ),
        inputs=(
            *source.data_inputs(owner=NOBODY),
            replace(pair.challenger, owner=NOBODY),
            # Without a champion the new model stands in its place: a shell in this stage shows how both are loaded.
            replace(champion, path=CHAMPION_OUT, owner=NOBODY),
        ),
        accept=(0, BAD_DATA, BAD_CHAMPION),
    )  # fmt: skip


def _reader(pair: ModelPair) -> Read:
    model = pair.source.project.model
    return partial(read, metric=model.metric, tolerance=model.champion_tolerance or 0.0)


async def _answer(pair: ModelPair) -> Answer | None:
    return pair.answer


def _compares(project: Project) -> bool:
    return project.model.champion_tolerance is not None


GATES = (
    Gate(
        name=GATE,
        title="the new model against the last released one",
        subject=ModelPair,
        tool=TOOL,
        version=SERVICE,
        # It needs the last released model, which may not be had.
        needs_outside=True,
        stage=compare_stage,
        reader=_reader,
        applies=_compares,
        beforehand=_answer,
    ),
)
