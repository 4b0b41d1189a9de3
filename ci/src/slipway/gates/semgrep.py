"""Code that loads untrusted content: pickles, remote code, unpinned downloads.

The rules are our own (semgrep-rules.yaml) and find what bandit does not know. Format: `semgrep scan --json --verbose`
(1.185), `semgrep_output_v1.atd` in github.com/semgrep/semgrep-interfaces. Without --verbose the report does not list
the files that were skipped.
"""

from dataclasses import replace
from pathlib import Path

from ..artifacts.source import WORK
from ..config.project import Project
from ..errors import DataError
from ..formats.fields import Fields
from ..runtime.stage import Input, Stage
from ..verdicts.tool_output import Context, ToolOutput, count
from ..verdicts.verdict import Finding, Severity, Verdict
from .base import Gate, SourceTree

NAME = "untrusted-content"
TOOL = "semgrep"
LOCK = "semgrep"
RULES = Path(__file__).with_name("semgrep-rules.yaml")
RULES_PATH = "/semgrep-rules.yaml"
# The words of rules; newer rules may use those of `Severity` too.
_SEVERITIES = {"ERROR": Severity.HIGH, "WARNING": Severity.MEDIUM, "INFO": Severity.LOW}


def read(output: ToolOutput, context: Context) -> Verdict:
    """The verdict. Files that semgrep skipped or could not parse, or no files, mean not evaluated."""
    if output.exit_code not in (0, 1):
        return context.not_evaluated(TOOL, f"it ended with code {output.exit_code}", output.stderr)
    try:
        top = Fields.parse(output.report, where="semgrep's report")
        context = replace(context, tool_version=top.text("version"))
        files = len(top.inner("paths").texts("scanned"))
        missed = _missed(top)
        findings = [_finding(item) for item in top.items("results")]
    except DataError as error:
        return context.not_evaluated(TOOL, f"the report cannot be read: {error}")
    if missed:
        return context.not_evaluated(TOOL, "it did not look at everything", "\n".join(missed))
    if not files:
        return context.not_evaluated(TOOL, "it saw no Python files")
    if bool(output.exit_code) != bool(findings):
        return context.not_evaluated(TOOL, "its exit code and its report disagree")
    return context.judge(TOOL, findings, count(files, "file"))


def _missed(top: Fields) -> list[str]:
    """What semgrep did not look at, and why: its errors, files and rules that it skipped."""
    errors = [" ".join(each.text("message").split()) for each in top.items("errors")]
    # An error in a file also lists it as skipped.
    failed = {each.optional_text("path") for each in top.items("errors")}
    files = [
        f"{each.text('path')}: {each.text('reason')}"
        for each in top.inner("paths").items("skipped")
        if each.text("path") not in failed
    ]
    rules = [f"rule {each.text('rule_id')} was skipped" for each in top.items("skipped_rules")]
    return [*errors, *files, *rules]


def _finding(item: Fields) -> Finding:
    extra = item.inner("extra")
    severity = extra.text("severity")
    return Finding(
        # The folders of the rule file, if any, stand before the rule's name.
        id=item.text("check_id").rpartition(".")[2],
        severity=_SEVERITIES.get(severity, Severity.parse(severity)),
        title=extra.text("message"),
        where=f"{item.text('path')}:{item.inner('start').whole('line')}",
        remedy=extra.inner("metadata").text("remedy"),
    )


def untrusted_content_stage(tree: SourceTree) -> Stage:
    """The stage that runs semgrep over the service's package, offline.

    The change under review has no say in what is looked at: neither its comments (`nosemgrep`), nor its ignore files.
    """
    return Stage(
        name=NAME,
        container=(
            tree.source.tools.tool_container(locked=LOCK)
            .with_new_file(RULES_PATH, RULES.read_text("utf-8"))
            .with_workdir(WORK)
        ),
        argv=(
            # --experimental is the native command line: no 60 packages beside it, and a tenth of the time.
            f"/opt/{LOCK}/bin/semgrep", "scan", "--experimental", "--config", RULES_PATH,
            "--json", "--verbose", "--error", "--metrics", "off", "--disable-version-check",
            "--disable-nosem", "--no-git-ignore", "--x-ignore-semgrepignore-files", "src",
        ),
        inputs=(Input(path=WORK, content=tree.source.service.filter(include=["src/**"])),),
        accept=(0, 1),
    )  # fmt: skip


def _medium(project: Project) -> Severity:
    del project
    return Severity.MEDIUM


GATES = (
    Gate(
        name=NAME,
        title="code that loads untrusted content",
        subject=SourceTree,
        tool=TOOL,
        version="package:semgrep",
        locks=(LOCK,),
        stage=untrusted_content_stage,
        read=read,
        threshold=_medium,
    ),
)
