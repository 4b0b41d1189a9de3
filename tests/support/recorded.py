"""Recorded reports of tools (tests/assets) and what the readers of reports are asked about them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from slipway.gates import bandit, lint, osv, semgrep, trivy, types, unit_tests
from slipway.verdicts.tool_output import Context, ToolOutput
from slipway.verdicts.verdict import Severity, Verdict

ASSETS = Path(__file__).parents[1] / "assets"
DAY = dt.date(2026, 11, 23)
CONTEXT = Context(
    gate="g", today=dt.date(2026, 11, 24), threshold=Severity.HIGH, tool_version="1", data_date=DAY
)
SCANNED = "Scanned /src/requirements.lock file and found 12 packages\n"
# What trivy logs for each kind of scan, as in tests/assets/trivy/*.log.
LOG = """\
2026-11-24T00:59:15Z	INFO	[vuln] Vulnerability scanning is enabled
2026-11-24T00:59:15Z	INFO	[misconfig] Misconfiguration scanning is enabled
2026-11-24T00:59:15Z	INFO	[secret] Secret scanning is enabled
"""
Reader = Callable[[ToolOutput, Context], Verdict]


def packages(output: ToolOutput, context: Context) -> Verdict:
    """Trivy's scan for vulnerabilities."""
    return trivy.read(output, context, scan=trivy.Scan.VULNERABILITIES)


def settings(output: ToolOutput, context: Context) -> Verdict:
    """Trivy's scan for misconfigurations."""
    return trivy.read(output, context, scan=trivy.Scan.MISCONFIGURATIONS)


def secrets(output: ToolOutput, context: Context) -> Verdict:
    """Trivy's scan for secrets."""
    return trivy.read(output, context, scan=trivy.Scan.SECRETS)


READERS: dict[str, Reader] = {
    "packages": packages,
    "settings": settings,
    "secrets": secrets,
    "osv": osv.read,
    "bandit": bandit.read,
    "semgrep": semgrep.read,
    "ruff": lint.read,
    "mypy": types.read,
    "pytest": unit_tests.read,
}
GOOD = {
    "packages": "trivy/vulnerabilities.json",
    "settings": "trivy/config.json",
    "secrets": "trivy/secrets.json",
    "osv": "osv-scanner/pysec.json",
    "bandit": "bandit/good.json",
    "semgrep": "semgrep/good.json",
    "ruff": "ruff/bad.json",
    "mypy": "mypy/good.txt",
    "pytest": "pytest/good.xml",
}


def text(asset: str) -> str:
    """A recorded report."""
    return (ASSETS / asset).read_text("utf-8")


def read(name: str, asset: str, exit_code: int, stderr: str = "") -> Verdict:
    """The verdict of the reader `name` on a recorded report."""
    output = ToolOutput(exit_code=exit_code, report=text(asset), stderr=stderr)
    return READERS[name](output, CONTEXT)


def lines(verdict: Verdict) -> list[str]:
    """Its findings as lines."""
    return [finding.line() for finding in verdict.findings]
