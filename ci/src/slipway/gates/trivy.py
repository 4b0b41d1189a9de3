"""Reports of trivy: vulnerabilities, misconfigurations and secrets.

Source of the format: `trivy image|rootfs|fs|config --format json`, schema version 2:
`pkg/types/report.go` in github.com/aquasecurity/trivy. Run it without `--exit-code`, so that every
code but 0 is a crash, and without `--quiet`: only its log tells that it looked at all, and that it
skipped a file that it could not parse (trivy 0.74 then ends with 0 and counts all its checks as
successes).
"""

import datetime as dt
import re
from collections.abc import Iterator
from enum import Enum
from functools import partial

from ..artifacts.image import ASSEMBLE
from ..artifacts.sbom import TRIVY_CACHE, with_layer_cache
from ..errors import DataError
from ..formats.fields import Fields
from ..oci.digests import Digest
from ..runtime.images import TRIVY
from ..runtime.stage import Input, Outcome, Stage, daily
from ..verdicts.tool_output import Context, ToolOutput, count
from ..verdicts.verdict import Finding, Severity, Status, Verdict
from .base import Answer, BuiltImage, Gate, SourceTree, ToolData, declared, fixed

TOOL = "trivy"
_SCHEMA = 2
_SAID = 200
_PACKAGES = ("os-pkgs", "lang-pkgs")
_ERROR = re.compile(r"^\S+\s+(?:ERROR|FATAL)\s+(?P<said>.*)$", re.MULTILINE)
# Without a download it uses the checks that are built in, which is no failure.
_HARMLESS = "Falling back to embedded checks"
_ENABLED = {
    "packages": "Vulnerability scanning is enabled",
    "configuration": "Misconfiguration scanning is enabled",
    "files": "Secret scanning is enabled",
}


class Scan(Enum):
    """What trivy was asked to look for."""

    VULNERABILITIES = "packages"
    MISCONFIGURATIONS = "configuration"
    SECRETS = "files"


def read(output: ToolOutput, context: Context, *, scan: Scan) -> Verdict:
    """The verdict of one scan. One of vulnerabilities needs `context.data_date`, the database's day.

    A scan of secrets lists only files with findings, so that it saw any is for the caller to make sure.
    """
    if output.exit_code != 0:
        return context.not_evaluated(
            TOOL, f"trivy ended with code {output.exit_code}", output.stderr
        )
    reason = _error(output.stderr, scan)
    if reason:
        return context.not_evaluated(TOOL, reason)
    if scan is Scan.VULNERABILITIES and context.data_date is None:
        return context.not_evaluated(TOOL, "there is no vulnerability database", output.stderr)
    try:
        results = _results(output.report)
        findings = [finding for result in results for finding in _found(result, scan)]
        seen = sum(_seen(result, scan) for result in results)
    except DataError as error:
        return context.not_evaluated(TOOL, f"the report cannot be read: {error}", output.stderr)
    if not seen and not findings and scan is not Scan.SECRETS:
        return context.not_evaluated(TOOL, f"trivy saw no {scan.value}", output.stderr)
    return context.judge(TOOL, findings, _looked_at(seen, scan))


def data_date(version: str) -> dt.date | None:
    """The day of the vulnerability database out of `trivy version --format json`; None without
    one.
    """
    try:
        updated = Fields.parse(version, where="trivy version").inner("VulnerabilityDB")
        return dt.date.fromisoformat(updated.text("UpdatedAt")[:10])
    except (DataError, ValueError):
        return None


def _error(log: str, scan: Scan) -> str:
    """Why trivy's log says that it did not look at everything; empty if it did."""
    for error in _ERROR.finditer(log):
        if _HARMLESS not in error["said"]:
            return f"trivy could not look at everything: {error['said'][:_SAID]}"
    if _ENABLED[scan.value] not in log:
        return f"trivy's log does not say that it looked at {scan.value}; run it without --quiet"
    return ""


def _results(report: str) -> list[Fields]:
    top = Fields.parse(report, where="trivy's report")
    schema = top.whole("SchemaVersion")
    if schema != _SCHEMA:
        raise DataError(f"its schema has version {schema}, not {_SCHEMA}")
    top.text("ArtifactType")  # every whole report has one; `{"SchemaVersion": 2}` is none
    return top.optional_items("Results")


def _seen(result: Fields, scan: Scan) -> int:
    """How much a result says it looked at: packages, or checks of configuration files."""
    if scan is Scan.VULNERABILITIES:
        listed = result.optional_items("Packages")
        return max(len(listed), 1) if result.optional_text("Class") in _PACKAGES else 0
    if scan is Scan.MISCONFIGURATIONS and result.optional_text("Class") == "config":
        summary = result.optional_inner("MisconfSummary")
        return int(sum(summary.optional_number(name) or 0 for name in ("Successes", "Failures")))
    return 0


def _looked_at(seen: int, scan: Scan) -> str:
    if scan is Scan.VULNERABILITIES:
        return count(seen, "package")
    return count(seen, "check") if scan is Scan.MISCONFIGURATIONS else "the files"


def _found(result: Fields, scan: Scan) -> Iterator[Finding]:
    target = result.text("Target")
    if scan is Scan.VULNERABILITIES:
        yield from map(_vulnerability, result.optional_items("Vulnerabilities"))
    elif scan is Scan.MISCONFIGURATIONS:
        for item in result.optional_items("Misconfigurations"):
            if item.text("Status") != "PASS":
                yield _misconfiguration(item, target)
    else:
        for item in result.optional_items("Secrets"):
            yield _secret(item, target)


def _vulnerability(item: Fields) -> Finding:
    package, fixed = item.text("PkgName"), item.optional_text("FixedVersion")
    return Finding(
        id=item.text("VulnerabilityID"),
        severity=Severity.parse(item.text("Severity")),
        title=item.optional_text("Title") or "no title",
        where=f"{package} {item.optional_text('InstalledVersion') or ''}".strip(),
        remedy=f"upgrade {package} to {fixed}" if fixed else "no fixed version yet",
    )


def _misconfiguration(item: Fields, target: str) -> Finding:
    return Finding(
        id=item.text("ID"),
        severity=Severity.parse(item.text("Severity")),
        title=item.optional_text("Message") or item.text("Title"),
        where=_at(target, item.optional_inner("CauseMetadata")),
        remedy=item.optional_text("Resolution") or "",
    )


def _secret(item: Fields, target: str) -> Finding:
    """A secret by its rule and place only: `Match` holds a part of it."""
    return Finding(
        id=item.text("RuleID"),
        severity=Severity.parse(item.text("Severity")),
        title=item.text("Title"),
        where=_at(target, item),
        remedy="revoke it, then take it out of the tree and its history",
    )


def _at(target: str, place: Fields) -> str:
    line = place.optional_number("StartLine")
    return f"{target}:{int(line)}" if line else target


# Not ours, or made by tools.
SKIPPED = (".git", ".venv", "dist", ".terraform", "ci/sdk")
TREE = "/tree"
DATABASE = f"{TRIVY_CACHE}/db/trivy.db"
VERSION = "command:trivy --version"


def secrets_stage(tree: SourceTree) -> Stage:
    """The stage that looks for secrets in the whole tree."""
    skips = [word for folder in SKIPPED for word in ("--skip-dirs", folder)]
    return Stage(
        name="secrets",
        container=tree.source.tools.tool_container(TRIVY).with_workdir(TREE),
        argv=(
            "trivy", "filesystem", "--scanners", "secret", "--format", "json",  # refusal 12c
            "--cache-dir", TRIVY_CACHE, "--skip-files", "**/go.sum", *skips, ".",
        ),
        inputs=(Input(path=TREE, content=tree.source.tree.filter(exclude=list(SKIPPED))),),
    )  # fmt: skip


async def _is_empty(tree: SourceTree) -> Answer | None:
    # trivy has no word for having seen no file at all: it finds nothing in nothing, and is content.
    if await tree.source.tree.filter(exclude=list(SKIPPED)).entries():  # refusal 08a
        return None
    return Answer(status=Status.NOT_EVALUATED, summary="there is nothing to look at")


def iac_stage(tree: SourceTree) -> Stage:
    """The stage that looks at the settings of the infrastructure."""
    top = tree.source.project.infrastructure.stack.partition("/")[0]
    # Filtered after the folder is chosen: the other way round, a change anywhere in the tree would scan again.
    infrastructure = tree.source.tree.directory(top).filter(exclude=list(SKIPPED))
    return Stage(
        name="iac",
        container=tree.source.tools.tool_container(TRIVY).with_workdir(TREE),
        argv=(
            "trivy", "config", "--format", "json", "--skip-check-update",
            "--cache-dir", TRIVY_CACHE, ".",
        ),
        inputs=(Input(path=TREE, content=infrastructure),),
    )  # fmt: skip


def image_stage(built: BuiltImage, *, name: str, scanner: str, cache: str) -> Stage:
    """The stage that scans the layers of an image."""
    tools = built.source.tools
    return Stage(
        name=name,
        container=with_layer_cache(tools, tools.tool_container(TRIVY), cache),
        argv=(
            "trivy", "image", "--scanners", scanner, "--format", "json", "--list-all-pkgs",
            "--cache-dir", TRIVY_CACHE, "--timeout", "10m", "--input", "/image",
        ),
        inputs=(Input(path="/image", content=built.image.layout, made_by=(ASSEMBLE,)),),
        cache=daily(),
    )  # fmt: skip


image_secrets_stage = partial(
    image_stage,
    name="image-secrets",
    scanner="secret",  # refusal 12d
    cache="secrets",
)
image_vulnerabilities_stage = partial(
    image_stage, name="image-vulnerabilities", scanner="vuln", cache="packages"
)


async def database(built: BuiltImage, outcome: Outcome) -> ToolData:
    """The vulnerability database that trivy fetched for a scan."""
    del built
    command = ["trivy", "version", "--format", "json", "--cache-dir", TRIVY_CACHE]
    day = data_date(await outcome.container.with_exec(command).stdout())
    if day is None or not await outcome.container.exists(DATABASE):
        return ToolData(day=day)
    printed = await outcome.container.with_exec(["sha256sum", DATABASE]).stdout()
    return ToolData(day=day, digest=Digest.parse(f"sha256:{printed.split()[0]}"))


GATES = (
    Gate(
        name="secrets",
        title="secrets in the tree",
        subject=SourceTree,
        tool=TOOL,
        version=VERSION,
        images=(TRIVY,),
        stage=secrets_stage,
        read=partial(read, scan=Scan.SECRETS),
        beforehand=_is_empty,
    ),
    Gate(
        name="iac",
        title="insecure settings of the infrastructure",
        subject=SourceTree,
        tool=TOOL,
        version=VERSION,
        images=(TRIVY,),
        stage=iac_stage,
        read=partial(read, scan=Scan.MISCONFIGURATIONS),
        threshold=fixed(Severity.HIGH),
    ),
    Gate(
        name="image-secrets",
        title="secrets in the layers of the image",
        subject=BuiltImage,
        tool=TOOL,
        version=VERSION,
        images=(TRIVY,),
        stage=image_secrets_stage,
        read=partial(read, scan=Scan.SECRETS),
    ),
    Gate(
        name="image-vulnerabilities",
        title="known vulnerabilities of the packages in the image",
        subject=BuiltImage,
        tool=TOOL,
        version=VERSION,
        images=(TRIVY,),
        needs_outside=True,
        has_data=True,
        stage=image_vulnerabilities_stage,
        read=partial(read, scan=Scan.VULNERABILITIES),
        threshold=declared,
        data=database,
    ),
)
