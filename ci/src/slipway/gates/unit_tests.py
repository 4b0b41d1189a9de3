"""Reports of pytest: `pytest --junit-xml`, family xunit2 (`testsuites/testsuite/testcase`).

Exit codes: 0 all passed, 1 some failed, 2 interrupted or errors while collecting, 3 and 4 pytest
itself, 5 no tests.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from ...errors import DataError
from ..tool_output import Context, ToolOutput, count
from ..verdict import Finding, Severity, Status, Verdict

TOOL = "pytest"
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
        return context.blind(TOOL, reason, output.stderr)
    findings = [finding for case in cases for finding in _failures(case)]
    ran = sum(1 for case in cases if case.find("skipped") is None)
    if findings or output.exit_code == 1:
        summary = f"{len(findings) or 'some'} of {count(len(cases), 'test')} failed"
        return context.verdict(TOOL, Status.FAILED, summary, findings)
    if output.exit_code != 0:
        return context.blind(TOOL, f"pytest ended with code {output.exit_code}", output.stderr)
    if not ran:
        return context.blind(TOOL, f"no test ran ({len(cases)} skipped)", output.stderr)
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
