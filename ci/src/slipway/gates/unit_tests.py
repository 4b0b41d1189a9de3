"""Reports of pytest: `pytest --junit-xml`, family xunit2 (`testsuites/testsuite/testcase`).

Exit codes: 0 all passed, 1 some failed, 2 interrupted or errors while collecting, 3 and 4 pytest
itself, 5 no tests.
"""

import xml.etree.ElementTree as ET

from ..errors import DataError
from ..runtime.stage import Stage
from ..verdicts.tool_output import Context, ToolOutput, count
from ..verdicts.verdict import Finding, Severity, Status, Verdict
from .base import Gate, SourceTree

TOOL = "pytest"
REPORT = "/stage/report"
_TITLE = 200


def read(output: ToolOutput, context: Context) -> Verdict:
    """The verdict. No test, or none that was not skipped, is not evaluated; tests that fail have
    failed.

    Where the exit code says that tests failed, that stands even if the report cannot be read.
    """
    try:
        cases = _cases(output.report)
    except DataError as error:
        if output.exit_code == 1:
            return context.verdict(TOOL, Status.FAILED, f"tests failed; the report: {error}")
        reason = f"code {output.exit_code}, and the report cannot be read: {error}"
        return context.not_evaluated(TOOL, reason, output.stderr)
    findings = [finding for case in cases for finding in _failures(case)]
    ran = sum(1 for case in cases if case.find("skipped") is None)
    if findings or output.exit_code == 1:
        summary = f"{len(findings) or 'some'} of {count(len(cases), 'test')} failed"
        return context.verdict(TOOL, Status.FAILED, summary, findings)
    if output.exit_code != 0:
        return context.not_evaluated(
            TOOL, f"pytest ended with code {output.exit_code}", output.stderr
        )
    if not ran:
        return context.not_evaluated(TOOL, f"no test ran ({len(cases)} skipped)", output.stderr)
    skipped = f", {len(cases) - ran} skipped" if ran < len(cases) else ""
    return context.verdict(TOOL, Status.PASSED, f"{count(ran, 'test')} passed{skipped}")


def _cases(report: str) -> list[ET.Element]:
    """All test cases. A document type is refused: no report has one, and entities are an attack."""
    if "<!DOCTYPE" in report or "<!ENTITY" in report:
        raise DataError("it declares entities")
    try:
        root = ET.fromstring(report)  # noqa: S314 - entities are refused above
    except (ET.ParseError, ValueError) as error:
        raise DataError(f"it is not XML: {error}") from None
    if root.tag not in ("testsuites", "testsuite"):
        raise DataError(f"it is a <{root.tag}>, not a report of tests")
    return list(root.iter("testcase"))


def _failures(case: ET.Element) -> list[Finding]:
    name = "::".join(filter(None, (case.get("classname"), case.get("name"))))
    return [
        Finding(
            id=name or "a test without a name",
            severity=Severity.HIGH,
            title=(part.get("message") or part.text or "no message").strip()[:_TITLE],
        )
        for part in (*case.iter("failure"), *case.iter("error"))
    ]


def unit_tests_stage(tree: SourceTree) -> Stage:
    """The stage that runs the service's tests."""
    return Stage(
        name="unit-tests",
        container=tree.source.checked().with_new_file(REPORT, ""),
        argv=("python", "-m", "pytest", "-q", "--junit-xml", REPORT),
        accept=(0, 1, 2, 5),
    )


GATES = (
    Gate(
        name="unit-tests",
        title="the service's own tests",
        subject=SourceTree,
        tool=TOOL,
        version="package:pytest",
        stage=unit_tests_stage,
        read=read,
        report=REPORT,
    ),
)
