"""Reports of ruff: style and likely mistakes. Format: `ruff check --output-format json`.

Exit codes: 0 clean, 1 findings, 2 ruff itself failed. Every finding counts: what to ignore is in
ruff's own settings.
"""

from ..errors import DataError
from ..formats.fields import Fields, load
from ..runtime.stage import Stage
from ..verdicts.tool_output import Context, ToolOutput, count
from ..verdicts.verdict import Finding, Severity, Status, Verdict
from .base import Gate, SourceTree

TOOL = "ruff"
_NOTHING = "No Python files found"


def read(output: ToolOutput, context: Context) -> Verdict:
    """The verdict; a clean report is an empty list, so ruff's own warning tells that it saw
    nothing.
    """
    if output.exit_code not in (0, 1):
        return context.not_evaluated(TOOL, f"it ended with code {output.exit_code}", output.stderr)
    if _NOTHING in output.stderr:
        return context.not_evaluated(TOOL, "it saw no Python files", output.stderr)
    try:
        listed = load(output.report, where="ruff's report")
        top = Fields(values={"findings": listed}, path="", where="ruff's report")
        findings = [_finding(item) for item in top.items("findings")]
    except DataError as error:
        return context.not_evaluated(TOOL, f"the report cannot be read: {error}", output.stderr)
    if bool(findings) != bool(output.exit_code):
        return context.not_evaluated(TOOL, "its exit code and its report disagree", output.stderr)
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


def lint_stage(tree: SourceTree) -> Stage:
    """The stage that runs ruff over the service."""
    return Stage(
        name="lint",
        container=tree.source.checked(),
        argv=("ruff", "check", "--no-cache", "--output-format", "json", "."),
        accept=(0, 1),
    )


GATES = (
    Gate(
        name="lint",
        title="style and likely mistakes in the service",
        subject=SourceTree,
        tool=TOOL,
        version="package:ruff",
        stage=lint_stage,
        read=read,
    ),
)
