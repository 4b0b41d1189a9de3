"""Reports of osv-scanner 2: known vulnerabilities of locked packages.

Source of the format: `osv-scanner scan source --format json`, `pkg/models/results.go` in
github.com/google/osv-scanner (v2); of the advisories, ossf.github.io/osv-schema. Exit codes: 0
nothing found, 1 something found, 127 and above errors, 128 no packages. A clean report lists no
packages, so how many it saw is read from its standard error ("Scanned … file and found 12
packages").
"""

import datetime as dt
import re
from collections.abc import Iterator

from ..errors import DataError
from ..formats.fields import Fields
from ..oci.digests import Digest
from ..runtime.images import ToolImage
from ..runtime.stage import Outcome, Stage, daily
from ..verdicts.tool_output import Context, ToolOutput, count
from ..verdicts.verdict import Finding, Severity, Verdict
from .base import Gate, SourceTree, ToolData, declared, today

TOOL = "osv-scanner"
IMAGE = ToolImage(TOOL, "ghcr.io/google/osv-scanner:v2.2.4", "/osv-scanner", TOOL)
ADVISORIES = "/advisories"
_TITLE = 200
_SCANNED = re.compile(r"found (\d{1,9}) packages?\b")
# osv-scanner goes on, and may end with 0, without the data of an ecosystem.
_NO_DATA = (
    "could not load db",
    "no offline version of the OSV database",
    "Error during extraction",
)


def read(output: ToolOutput, context: Context) -> Verdict:
    """The verdict; only with `context.data_date`, the day of the advisories, for their age decides
    what it means.
    """
    if output.exit_code not in (0, 1):
        return context.not_evaluated(TOOL, f"it ended with code {output.exit_code}", output.stderr)
    if any(sign in output.stderr for sign in _NO_DATA):
        return context.not_evaluated(TOOL, "it has no advisories", output.stderr)
    if context.data_date is None:
        return context.not_evaluated(TOOL, "nobody knows of which day the advisories are")
    try:
        packages = list(_packages(output.report))
        findings = [finding for package in packages for finding in _findings(package)]
    except DataError as error:
        return context.not_evaluated(TOOL, f"the report cannot be read: {error}", output.stderr)
    seen = sum(int(number) for number in _SCANNED.findall(output.stderr)) or len(packages)
    if not seen:
        return context.not_evaluated(TOOL, "it saw no packages", output.stderr)
    if output.exit_code == 1 and not findings:
        return context.not_evaluated(TOOL, "it says that it found something, the report does not")
    return context.judge(TOOL, findings, count(seen, "package"))


def _packages(report: str) -> Iterator[Fields]:
    for result in Fields.parse(report, where="osv-scanner's report").items("results"):
        yield from result.items("packages")


def _findings(package: Fields) -> Iterator[Finding]:
    """One finding a group: advisories of several databases about the same thing."""
    info = package.inner("package")
    name, version = info.text("name"), info.text("version")
    advisories = {item.text("id"): item for item in package.optional_items("vulnerabilities")}
    for group in package.optional_items("groups"):
        ids = group.texts("ids")
        known = [advisories[one] for one in ids if one in advisories]
        yield Finding(
            id=_best_id(ids, group.optional_texts("aliases")),
            severity=_severity(group, known),
            title=_title(known) or ", ".join(ids),
            where=f"{name} {version}",
            remedy=_remedy(name, known),
        )
    grouped = {one for group in package.optional_items("groups") for one in group.texts("ids")}
    if set(advisories) - grouped:
        raise DataError(f"advisories of {name} belong to no group")


def _title(known: list[Fields]) -> str:
    """The summary of an advisory; those of PyPI have only details, whose first line serves."""
    said = [each.optional_text(name) for name in ("summary", "details") for each in known]
    lines = [text.strip().splitlines()[0] for text in said if text and text.strip()]
    return lines[0][:_TITLE] if lines else ""


def _best_id(ids: tuple[str, ...], aliases: tuple[str, ...]) -> str:
    """The CVE where there is one, for that is what people know and waive; else the first id."""
    names = [*ids, *aliases]
    if not names:
        raise DataError("a group of advisories has no id")
    return next((name for name in names if name.startswith("CVE-")), names[0])


def _severity(group: Fields, known: list[Fields]) -> Severity:
    """The worst CVSS score of the group; else the word of a database; else unknown."""
    score = group.optional_text("max_severity")
    if score:
        try:
            return Severity.of_score(float(score))
        except ValueError:
            raise DataError(f"max_severity {score!r} is not a score") from None
    words = [each.optional_inner("database_specific").values.get("severity") for each in known]
    return max(
        (Severity.parse(word) for word in words if isinstance(word, str)), default=Severity.UNKNOWN
    )


def _remedy(name: str, known: list[Fields]) -> str:
    """The versions in which the package is fixed, as the advisories say."""
    fixed = dict.fromkeys(version for each in known for version in _fixed(each, name))
    return f"upgrade {name} to {' or '.join(fixed)}" if fixed else "no fixed version is known"


def _fixed(advisory: Fields, name: str) -> Iterator[str]:
    for affected in advisory.optional_items("affected"):
        if affected.optional_inner("package").optional_text("name") not in (None, name):
            continue
        for versions in affected.optional_items("ranges"):
            if versions.optional_text("type") == "GIT":
                continue  # commits, not versions
            for event in versions.optional_items("events"):
                yield from filter(None, [event.optional_text("fixed")])


def dependencies_stage(tree: SourceTree) -> Stage:
    """The stage that looks up the service's locked packages: offline with a local database of advisories, else by
    osv-scanner's own service."""
    argv = ["osv-scanner", "scan", "source", "--format", "json"]
    argv += ["--lockfile", "requirements.txt:/lock/requirements.txt"]
    container = tree.source.tools.tool_container(IMAGE).with_file(
        "/lock/requirements.txt", tree.source.service.file("requirements.lock")
    )
    if tree.advisories is not None:
        argv += ["--offline", "--offline-vulnerabilities"]
        container = container.with_mounted_directory(ADVISORIES, tree.advisories).with_env_variable(
            "OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY", ADVISORIES
        )
    return Stage(
        name="dependencies",
        container=container,
        argv=tuple(argv),
        cache=daily(),
        accept=(0, 1, 127, 128, 129, 130),
    )


async def advisories_data(tree: SourceTree, outcome: Outcome) -> ToolData:
    """The day of the newest advisory and the digest of a local database; the day alone of the public one."""
    if tree.advisories is None:
        # It is of the day it was asked; where it did not answer there is no data of any day.
        return ToolData(day=today() if outcome.exit_code in (0, 1) else None)
    printed = await (
        tree.source.tools.assembler()
        .with_mounted_directory(ADVISORIES, tree.advisories)
        .with_exec(["python", "-m", "slipway.steps.advisories", ADVISORIES])
        .stdout()
    )
    facts = Fields.parse(printed, where="advisories")
    day = facts.optional_text("day")
    return ToolData(
        day=dt.date.fromisoformat(day) if day else None, digest=Digest.parse(facts.text("digest"))
    )


GATES = (
    Gate(
        name="dependencies",
        title="known vulnerabilities of the locked packages",
        subject=SourceTree,
        tool=TOOL,
        version="command:osv-scanner --version",
        images=(IMAGE,),
        needs_outside=True,
        has_data=True,
        stage=dependencies_stage,
        read=read,
        threshold=declared,
        data=advisories_data,
    ),
)
