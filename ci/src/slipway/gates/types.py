"""Output of mypy: types. It is text: `file:line[:column]: error: message  [code]`, then a last
line that sums up.

Exit codes: 0 clean, 1 errors, 2 mypy could not go on (a syntax error, which it reports as an
error, or a crash).
"""

import re

import dagger

from ..artifacts.source import TYPES_CACHE
from ..runtime.stage import Stage
from ..verdicts.tool_output import Context, ToolOutput, count
from ..verdicts.verdict import Finding, Severity, Status, Verdict
from .base import Gate, SourceTree

TOOL = "mypy"
_ERROR = re.compile(
    r"^(?P<file>[^:\n]+):(?P<line>\d+)(?::\d+)*: error: (?P<message>.*?)"
    r"(?:  \[(?P<code>[a-z0-9-]+)\])?$",
    re.MULTILINE,
)
_CLEAN = re.compile(r"^Success: no issues found in (\d+) source files?$", re.MULTILINE)
_FOUND = re.compile(r"^Found \d+ errors? in \d+ files? \((.*)\)$", re.MULTILINE)


def read(output: ToolOutput, context: Context) -> Verdict:
    """The verdict on mypy's standard output. Its last line has to be there: without it, it did not
    finish.
    """
    findings = [_finding(match) for match in _ERROR.finditer(output.report)]
    clean, found = _CLEAN.search(output.report), _FOUND.search(output.report)
    if output.exit_code == 0 and clean and not findings and int(clean[1]) > 0:
        files = count(int(clean[1]), "file")
        return context.verdict(TOOL, Status.PASSED, f"no errors in {files}")
    if output.exit_code in (1, 2) and found and findings:
        errors = f"{count(len(findings), 'error')}, {found[1]}"
        return context.verdict(TOOL, Status.FAILED, errors, findings)
    reason = f"its output (code {output.exit_code}) is not that of a whole run"
    return context.not_evaluated(TOOL, reason, output.stderr or output.report)


def _finding(match: re.Match[str]) -> Finding:
    return Finding(
        id=match["code"] or "mypy",
        severity=Severity.MEDIUM,
        title=match["message"],
        where=f"{match['file']}:{match['line']}",
    )


def types_stage(tree: SourceTree) -> Stage:
    """The stage that runs mypy with the service's own settings."""
    return Stage(
        name="types",
        container=tree.source.checked(),
        argv=("mypy", "--cache-dir", TYPES_CACHE),
        accept=(0, 1, 2),
    )


async def _with_types_of_packages(tree: SourceTree) -> dagger.Container:
    return await tree.source.typed()


GATES = (
    Gate(
        name="types",
        title="static types of the service",
        subject=SourceTree,
        tool=TOOL,
        version="package:mypy",
        stage=types_stage,
        read=read,
        container=_with_types_of_packages,
    ),
)
