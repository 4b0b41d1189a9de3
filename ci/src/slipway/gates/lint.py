"""Reports of ruff: style and likely mistakes. Format: `ruff check --output-format json`.

Exit codes: 0 clean, 1 findings, 2 ruff itself failed. Every finding counts: what to ignore is in
ruff's own settings.
"""

from __future__ import annotations

from ...errors import DataError
from ...formats.fields import Fields, load
from ..tool_output import Context, ToolOutput, count
from ..verdict import Finding, Severity, Status, Verdict

TOOL = "ruff"
_NOTHING = "No Python files found"


def read(output: ToolOutput, context: Context) -> Verdict:
    """The verdict; a clean report is an empty list, so ruff's own warning tells that it saw
    nothing.
    """
    if output.exit_code not in (0, 1):
        return context.blind(TOOL, f"it ended with code {output.exit_code}", output.stderr)
    if _NOTHING in output.stderr:
        return context.blind(TOOL, "it saw no Python files", output.stderr)
    try:
        listed = load(output.report, where="ruff's report")
        top = Fields(values={"findings": listed}, path="", where="ruff's report")
        findings = [_finding(item) for item in top.items("findings")]
    except DataError as error:
        return context.blind(TOOL, f"the report cannot be read: {error}", output.stderr)
    if bool(findings) != bool(output.exit_code):
        return context.blind(TOOL, "its exit code and its report disagree", output.stderr)
    status = Status.FAILED if findings else Status.PASSED
    return context.verdict(
        TOOL, status, f"{count(len(findings), 'finding')} in the Python files", findings
    )


def _finding(item: Fields) -> Finding:
    """A finding without a code is a syntax error."""
    place = item.inner("location")
    fix = item.optional_inner("fix").optional_text("message")
    return Finding(
        id=item.optional_text("code") or "invalid-syntax",
        severity=Severity.MEDIUM,
        title=item.text("message"),
        where=f"{item.text('filename')}:{place.whole('row')}:{place.whole('column')}",
        remedy=fix or "",
    )
