"""What the comparison of two models means."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from slipway.gates.champion import read
from slipway.verdicts.tool_output import Context, ToolOutput
from slipway.verdicts.verdict import Status, Verdict, Waiver

TODAY = dt.date(2026, 11, 24)
TOLERANCE = 0.005


def compared(
    challenger: float | None = 0.99, champion: float | None = 0.99, **changes: Any
) -> dict[str, Any]:
    """What `compare` prints."""
    said = {
        "metric": "roc_auc",
        "rows": 141,
        "challenger": {"commit": "a" * 40, "metrics": {"roc_auc": challenger}},
        "champion": {"commit": "b" * 40, "metrics": {"roc_auc": champion}},
        "reason": None,
    }
    return said | changes


def judged(said: object, code: int = 0, stderr: str = "", *waived: str) -> Verdict:
    """The verdict on it."""
    waivers = tuple(Waiver(id=each, reason="a bug in the data", expires=TODAY) for each in waived)
    context = Context(gate="champion", today=TODAY, waivers=waivers)
    report = said if isinstance(said, str) else json.dumps(said)
    output = ToolOutput(exit_code=code, report=report, stderr=stderr)
    return read(output, context, metric="roc_auc", tolerance=TOLERANCE)


@pytest.mark.parametrize(
    ("challenger", "status"),
    [
        (1.0, Status.PASSED),
        (0.97, Status.PASSED),
        (0.965, Status.PASSED),  # 0.97 - 0.965 is 0.0050000000000000044 to a float
        (0.964999, Status.FAILED),
        (0.0, Status.FAILED),
    ],
)
def test_a_challenger_may_be_behind_by_the_tolerance_and_no_more(
    challenger: float, status: Status
) -> None:
    verdict = judged(compared(challenger, 0.97))
    assert verdict.status is status
    assert verdict.gate == "champion"
    assert f"roc_auc {challenger:.4f}, the last released model's 0.9700" in verdict.summary
    assert "141 held-out rows" in verdict.summary
    names = [finding.id for finding in verdict.findings]
    assert names == ([] if status is Status.PASSED else ["worse-than-champion"])


def test_a_worse_model_can_be_waived_with_a_reason() -> None:
    said = compared(0.9, 0.99)
    assert judged(said, 0, "", "worse-than-champion").status is Status.WAIVED
    assert judged(said, 0, "", "champion-not-comparable").status is Status.FAILED


def test_a_champion_that_cannot_answer_is_a_finding_and_no_pass() -> None:
    said = compared(champion=None, reason="the champion takes other features")
    said["champion"]["metrics"] = None
    verdict = judged(said)
    assert verdict.status is Status.FAILED
    assert verdict.summary == "the champion takes other features"
    assert judged(said, 0, "", "champion-not-comparable").status is Status.WAIVED


def test_a_champion_without_the_metric_is_a_finding() -> None:
    verdict = judged(compared(champion=None))
    assert verdict.status is Status.FAILED
    assert verdict.summary == "the champion has no roc_auc"


@pytest.mark.parametrize(
    ("said", "code", "stderr", "words"),
    [
        ("", 4, "The champion cannot be used: changed.\n", "The champion cannot be used"),
        ("", 3, "data.csv: row 3.\n", "row 3"),
        ("", 1, "Traceback\nKeyError: x\n", "KeyError"),
        ("", 0, "", "not evaluated"),
        ("[]", 0, "", "not evaluated"),
        ('{"rows": 1}', 0, "", "challenger is missing"),
        (compared(challenger=None), 0, "", "the challenger has no roc_auc"),
        (json.dumps(compared(1.0)).replace("1.0", "NaN"), 0, "", "not evaluated"),
        (compared(rows="many"), 0, "", "rows"),
        (compared(champion=True), 0, "", "roc_auc"),
        (json.dumps(compared(0.5)).replace("0.5", '"0.5"'), 0, "", "roc_auc"),
    ],
)
def test_what_was_not_measured_is_not_evaluated(
    said: object, code: int, stderr: str, words: str
) -> None:
    verdict = judged(said, code, stderr)
    assert verdict.status is Status.NOT_EVALUATED
    assert verdict.summary.startswith("not evaluated: ")
    assert words in verdict.summary
