"""Reports of bandit: Python code that looks insecure. Format: `bandit --format json` (1.8 and
later).
"""

from __future__ import annotations

from ...errors import DataError
from ...formats.fields import Fields
from ..tool_output import Context, ToolOutput, count
from ..verdict import Finding, Severity, Verdict

TOOL = "bandit"


def read(output: ToolOutput, context: Context) -> Verdict:
    """The verdict. Files that bandit could not parse, or no lines at all, mean not evaluated."""
    if output.exit_code not in (0, 1):
        return context.blind(TOOL, f"it ended with code {output.exit_code}", output.stderr)
    try:
        top = Fields.parse(output.report, where="bandit's report")
        lines = top.inner("metrics").inner("_totals").whole("loc")
        skipped = [
            f"{each.text('filename')}: {each.text('reason')}" for each in top.items("errors")
        ]
        findings = [_finding(item) for item in top.items("results")]
    except DataError as error:
        return context.blind(TOOL, f"the report cannot be read: {error}", output.stderr)
    if skipped:
        return context.blind(TOOL, f"it skipped {count(len(skipped), 'file')}", "\n".join(skipped))
    if lines <= 0:
        return context.blind(TOOL, "it saw no lines of code", output.stderr)
    if output.exit_code == 1 and not findings:
        return context.blind(TOOL, "it says that it found something, the report does not")
    return context.judge(TOOL, findings, count(lines, "line"))


def _finding(item: Fields) -> Finding:
    return Finding(
        id=item.text("test_id"),
        severity=Severity.parse(item.text("issue_severity")),
        title=item.text("issue_text"),
        where=f"{item.text('filename')}:{item.whole('line_number')}",
        remedy=f"see {item.text('more_info')}",
    )
