"""Output of a service's own `python -m <package>.validate`: the data against its schema.

Exit codes: 0 the data is as the schema says, 3 it is not, with every problem on a line of standard
error (row, column, found, allowed). Any other code is a crash.
"""

from ..runtime.stage import Stage
from ..verdicts.tool_output import Context, ToolOutput, count
from ..verdicts.verdict import Finding, Severity, Status, Verdict
from .base import SERVICE, Gate, SourceTree

TOOL = "validate"
BAD_DATA = 3
# A million bad rows are one mistake; the verdict travels with the release.
_KEPT = 100


def read(output: ToolOutput, context: Context) -> Verdict:
    """The verdict; of very many problems the first hundred are kept, and all are counted."""
    if output.exit_code == 0:
        return context.verdict(TOOL, Status.PASSED, "the data is as its schema says")
    if output.exit_code != BAD_DATA:
        reason = f"validation ended with code {output.exit_code}"
        return context.not_evaluated(TOOL, reason, output.stderr)
    lines = [line.strip() for line in output.stderr.splitlines() if line.strip()]
    findings = [
        Finding(id="data", severity=Severity.HIGH, title=line, where="") for line in lines[:_KEPT]
    ]
    summary = f"{count(len(lines), 'problem')} in the data" if lines else "the data is bad"
    return context.verdict(TOOL, Status.FAILED, summary, findings)


def data_stage(tree: SourceTree) -> Stage:
    """The stage that compares the data set with its schema, by the service's own `validate`."""
    return tree.source.validation()


GATES = (
    Gate(
        name="data",
        title="the data set against its schema",
        subject=SourceTree,
        tool=TOOL,
        version=SERVICE,
        stage=data_stage,
        read=read,
    ),
)
