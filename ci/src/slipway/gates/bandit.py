"""Reports of bandit: Python code that looks insecure. Format: `bandit --format json` (1.8 and
later).
"""

from ..errors import DataError
from ..formats.fields import Fields
from ..runtime.stage import Stage
from ..verdicts.tool_output import Context, ToolOutput, count
from ..verdicts.verdict import Finding, Severity, Verdict
from .base import Gate, SourceTree, fixed

TOOL = "bandit"


def read(output: ToolOutput, context: Context) -> Verdict:
    """The verdict. Files that bandit could not parse, or no lines at all, mean not evaluated."""
    if output.exit_code not in (0, 1):
        return context.not_evaluated(TOOL, f"it ended with code {output.exit_code}", output.stderr)
    try:
        top = Fields.parse(output.report, where="bandit's report")
        lines = top.inner("metrics").inner("_totals").whole("loc")
        skipped = [
            f"{each.text('filename')}: {each.text('reason')}" for each in top.items("errors")
        ]
        findings = [_finding(item) for item in top.items("results")]
    except DataError as error:
        return context.not_evaluated(TOOL, f"the report cannot be read: {error}", output.stderr)
    if skipped:
        return context.not_evaluated(
            TOOL, f"it skipped {count(len(skipped), 'file')}", "\n".join(skipped)
        )
    if lines <= 0:
        return context.not_evaluated(TOOL, "it saw no lines of code", output.stderr)
    if output.exit_code == 1 and not findings:
        return context.not_evaluated(TOOL, "it says that it found something, the report does not")
    return context.judge(TOOL, findings, count(lines, "line"))


def _finding(item: Fields) -> Finding:
    return Finding(
        id=item.text("test_id"),
        severity=Severity.parse(item.text("issue_severity")),
        title=item.text("issue_text"),
        where=f"{item.text('filename')}:{item.whole('line_number')}",
        remedy=f"see {item.text('more_info')}",
    )


def sast_stage(tree: SourceTree) -> Stage:
    """The stage that runs bandit over the service's package."""
    return Stage(
        name="sast",
        container=tree.source.checked(),
        argv=("bandit", "-q", "-c", "pyproject.toml", "-r", "src", "-f", "json"),
        accept=(0, 1),
    )


GATES = (
    Gate(
        name="sast",
        title="insecure code in the service",
        subject=SourceTree,
        tool=TOOL,
        version="package:bandit",
        stage=sast_stage,
        read=read,
        threshold=fixed(Severity.MEDIUM),
    ),
)
