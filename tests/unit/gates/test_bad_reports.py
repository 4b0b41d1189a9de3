"""Whatever a tool leaves behind is a verdict, and what is no whole report is never a pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway.verdicts.tool_output import ToolOutput
from slipway.verdicts.verdict import Status

from ...support.recorded import CONTEXT, GOOD, LOG, READERS, SCANNED, text

NONE = ["", "null", "[", "{}", "<x/>", '{"SchemaVersion": 3}', "<!DOCTYPE x><x/>"]


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("report", NONE)
def test_a_report_that_is_none_never_passes(name: str, report: str) -> None:
    for exit_code in (0, 1, 2, 127, -9):
        output = ToolOutput(exit_code=exit_code, report=report, stderr=SCANNED + LOG)
        told = READERS[name](output, CONTEXT)
        assert told.status in (Status.NOT_EVALUATED, Status.FAILED)
        assert told.status is Status.NOT_EVALUATED or name == "pytest"


@pytest.mark.parametrize("name", GOOD)
@given(share=st.floats(0, 0.95), exit_code=st.sampled_from([0, 1]))
def test_a_report_that_is_cut_off_never_passes(name: str, share: float, exit_code: int) -> None:
    whole = text(GOOD[name])
    cut = whole[: int(len(whole) * share)]
    output = ToolOutput(exit_code=exit_code, report=cut, stderr=SCANNED + LOG)
    assert READERS[name](output, CONTEXT).status is not Status.PASSED


@given(
    name=st.sampled_from(sorted(READERS)), report=st.text(max_size=60), code=st.integers(-1, 130)
)
def test_any_text_is_a_verdict_and_no_pass(name: str, report: str, code: int) -> None:
    output = ToolOutput(exit_code=code, report=report, stderr=LOG + report)
    assert READERS[name](output, CONTEXT).status is not Status.PASSED
