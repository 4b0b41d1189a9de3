"""Gates: what is looked at before a release, and what was found.

Each gate is a stage (what runs, where) and a reader of the pure domain (what it means). A gate never throws: one that
crashed, timed out or lacks its data gives the verdict *not evaluated*. All of them are awaited, side by side.
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import dagger

from ..artifacts.image import ASSEMBLE, SBOM
from ..artifacts.source import TYPES_CACHE, Source
from ..errors import GateFailed, StageFailed
from ..formats.fields import Fields
from ..oci.digests import Digest
from ..runtime.concurrency import concurrently
from ..runtime.stage import Input, Outcome, Stage, StageRunner, daily
from ..verdicts.readers import bandit, mypy, osv, pytest_junit, ruff, trivy, validation
from ..verdicts.report import explain
from ..verdicts.tool_output import Context, ToolOutput
from ..verdicts.verdict import Severity, Status, Verdict, WhenNotEvaluated, overall

REPORT: Final = "/stage/report"
TREE: Final = "/tree"
ADVISORIES: Final = "/advisories"
TRIVY_CACHE: Final = "/var/cache/trivy"
TRIVY_DATABASE: Final = f"{TRIVY_CACHE}/db/trivy.db"
# Folders that a scan of a whole tree does not look into: not ours, or made by tools.
SKIPPED: Final = (".git", ".venv", "dist", ".terraform", "ci/sdk")

# Gates that need nothing from outside: there is no excuse for them not to look.
SELF_SUFFICIENT: Final = ("lint", "types", "unit-tests", "sast", "secrets", "iac", "data")

Read = Callable[[ToolOutput, Context], Verdict]


@dataclass(frozen=True, kw_only=True)
class Data:
    """What a tool knows beside itself: of which day that is, and its digest where it is at hand as files."""

    day: dt.date | None = None
    digest: Digest | None = None


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A stage that looks, and the reader of what it leaves: a report file, else standard output.

    A gate that `looks_at` an empty folder has not looked. What is `prepared` takes the place of the stage's container
    in a run, where that saves time; the answer is the same without.
    """

    stage: Stage
    read: Read
    tool: str
    version: tuple[str, ...] = ()
    threshold: Severity = Severity.LOW
    report: str | None = None
    data: Callable[[Outcome], Awaitable[Data]] | None = None
    subject: str | None = None
    looks_at: dagger.Directory | None = None
    prepared: Callable[[], Awaitable[dagger.Container]] | None = None


async def judge(gate: Gate, source: Source, runner: StageRunner) -> Verdict:
    """Run one gate; whatever happens, its answer is a verdict."""
    context = Context(
        gate=gate.stage.name,
        today=today(),
        threshold=gate.threshold,
        waivers=source.project.gates.ignore,
        subject=gate.subject,
    )
    # trivy has no word for having seen no file at all: it finds nothing in nothing, and is content.
    if gate.looks_at is not None and not await gate.looks_at.entries():
        return context.blind(gate.tool, "there is nothing to look at")
    stage = gate.stage
    if gate.prepared is not None:
        stage = replace(stage, container=await gate.prepared())
    try:
        outcome = await runner.run(stage)
    except StageFailed as error:
        return context.blind(gate.tool, f"exit code {error.exit_code}, {last_words(error.tail)}")
    report = outcome.stdout
    if gate.report is not None:
        found = await outcome.container.exists(gate.report)
        report = await outcome.file(gate.report).contents() if found else ""
    if gate.data is not None:
        data = await gate.data(outcome)
        context = replace(context, data_date=data.day, data_digest=data.digest)
    output = ToolOutput(exit_code=outcome.exit_code, report=report, stderr=outcome.stderr)
    return gate.read(output, context)


async def judge_all(
    gates: Sequence[Gate], source: Source, runner: StageRunner
) -> tuple[Verdict, ...]:
    """Run independent gates side by side; the verdicts come in the order of the gates."""
    return await concurrently(*(judge(gate, source, runner) for gate in gates))


def last_words(output: str) -> str:
    """What a tool that crashed complained of last, short enough for a table; the whole is in the engine's log."""
    lines = [" ".join(line.split()) for line in output.splitlines() if line.strip()]
    fatal = [line for line in lines if "FATAL" in line or "rror" in line]
    words = (fatal or lines or ["it says nothing"])[-1]
    return words if len(words) <= 120 else "… " + words[-118:]


def require(
    verdicts: Sequence[Verdict], rule: WhenNotEvaluated, required: Sequence[str] = ()
) -> None:
    """Raise GateFailed with every gate that stops the run.

    No verdicts at all stop it, and so does a gate of `required` that could not look: whatever the project allows, those
    need nothing from outside.
    """
    if overall(verdicts, not_evaluated=rule, required=required) is not Status.FAILED:
        return
    told = explain(verdicts, not_evaluated=rule, required=required) or "no gate has looked"
    stages = [
        verdict.gate
        for verdict in verdicts
        if verdict.status is Status.FAILED or verdict.gate in required
        if verdict.status is not Status.PASSED
    ]
    shells = "\n".join(f"  dagger call debug --stage {name} terminal" for name in stages)
    remedy = f"To look into it, in a shell with its files:\n{shells}" if stages else ""
    raise GateFailed(told, verdicts=verdicts, remedy=remedy)


def about(subject: str, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts with what they are about, a digest or a commit, and when they were given."""
    return [
        replace(verdict, subject=verdict.subject or subject, time=verdict.time or now())
        for verdict in verdicts
    ]


def now() -> dt.datetime:
    """This moment."""
    return dt.datetime.now(dt.UTC)


def today() -> dt.date:
    """The day, in UTC: waivers end on one, and scans of yesterday are not answered from the cache."""
    return now().date()


def source_gates(source: Source, advisories: dagger.Directory | None) -> list[Gate]:
    """The gates of a source tree, before anything is built."""
    return [
        *_service_gates(source),
        *_tree_gates(source),
        Gate(stage=source.validation(), read=validation.read, tool=validation.TOOL),
        dependencies_gate(source, advisories),
    ]


def _service_gates(source: Source) -> list[Gate]:
    bench = source.checked()
    return [
        Gate(
            stage=Stage(
                name="lint",
                container=bench,
                argv=("ruff", "check", "--no-cache", "--output-format", "json", "."),
                accept=(0, 1),
            ),
            read=ruff.read,
            tool=ruff.TOOL,
        ),
        Gate(
            stage=Stage(
                name="types",
                container=bench,
                argv=("mypy", "--cache-dir", TYPES_CACHE),
                accept=(0, 1, 2),
            ),
            read=mypy.read,
            tool=mypy.TOOL,
            prepared=source.typed,
        ),
        Gate(
            stage=Stage(
                name="unit-tests",
                container=bench.with_new_file(REPORT, ""),
                argv=("python", "-m", "pytest", "-q", "--junit-xml", REPORT),
                accept=(0, 1, 2, 5),
            ),
            read=pytest_junit.read,
            tool=pytest_junit.TOOL,
            report=REPORT,
        ),
        Gate(
            stage=Stage(
                name="sast",
                container=bench,
                argv=("bandit", "-q", "-c", "pyproject.toml", "-r", "src", "-f", "json"),
                accept=(0, 1),
            ),
            read=bandit.read,
            tool=bandit.TOOL,
            threshold=Severity.MEDIUM,
        ),
    ]  # fmt: skip


def _tree_gates(source: Source) -> list[Gate]:
    tree = source.tree.filter(exclude=list(SKIPPED))
    top = source.project.infrastructure.stack.partition("/")[0]
    # Filtered after the folder is chosen: the other way round, a change anywhere in the tree would scan again.
    infrastructure = source.tree.directory(top).filter(exclude=list(SKIPPED))
    box = source.tools.box("trivy")
    skips = [word for folder in SKIPPED for word in ("--skip-dirs", folder)]
    return [
        Gate(
            stage=Stage(
                name="secrets",
                container=box.with_directory(TREE, tree).with_workdir(TREE),
                argv=(
                    "trivy", "filesystem", "--scanners", "secret", "--format", "json",
                    "--cache-dir", TRIVY_CACHE, "--skip-files", "**/go.sum", *skips, ".",
                ),
            ),
            read=_trivy_reader(trivy.Scan.SECRETS),
            tool=trivy.TOOL,
            looks_at=tree,
        ),
        Gate(
            stage=Stage(
                name="iac",
                container=box.with_directory(TREE, infrastructure).with_workdir(TREE),
                argv=(
                    "trivy", "config", "--format", "json", "--skip-check-update",
                    "--cache-dir", TRIVY_CACHE, ".",
                ),
            ),
            read=_trivy_reader(trivy.Scan.MISCONFIGURATIONS),
            tool=trivy.TOOL,
            threshold=Severity.HIGH,
        ),
    ]  # fmt: skip


def dependencies_gate(source: Source, advisories: dagger.Directory | None) -> Gate:
    """Known vulnerabilities of the service's locked packages.

    With a local database of advisories, offline; else osv-scanner asks its own service, and where that does not answer
    the verdict is *not evaluated*.
    """
    argv = [
        "osv-scanner",
        "scan",
        "source",
        "--format",
        "json",
        "--lockfile",
        "requirements.txt:/lock/requirements.txt",
    ]
    container = source.tools.box("osv-scanner").with_file(
        "/lock/requirements.txt", source.service.file("requirements.lock")
    )
    if advisories is not None:
        argv += ["--offline", "--offline-vulnerabilities"]
        container = container.with_mounted_directory(ADVISORIES, advisories).with_env_variable(
            "OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY", ADVISORIES
        )
    stage = Stage(
        name="dependencies",
        container=container,
        argv=tuple(argv),
        cache=daily(),
        accept=(0, 1, 127, 128, 129, 130),
    )

    async def data(outcome: Outcome) -> Data:
        if advisories is not None:
            return await advisories_data(source, advisories)
        # The public database is of the day it was asked; where it did not answer there is no data of any day.
        return Data(day=today() if outcome.exit_code in (0, 1) else None)

    return Gate(
        stage=stage,
        read=osv.read,
        tool=osv.TOOL,
        threshold=source.project.gates.vulnerabilities,
        data=data,
    )


async def advisories_data(source: Source, advisories: dagger.Directory) -> Data:
    """A local database: its day is that of its newest advisory, its digest that of its files."""
    printed = await (
        source.tools.assembler()
        .with_mounted_directory(ADVISORIES, advisories)
        .with_exec(["python", "-m", "slipway.steps.advisories", ADVISORIES])
        .stdout()
    )
    facts = Fields.parse(printed, where="advisories")
    day = facts.optional_text("day")
    return Data(
        day=dt.date.fromisoformat(day) if day else None, digest=Digest.parse(facts.text("digest"))
    )


def image_gates(source: Source, layout: dagger.Directory, digest: str) -> list[Gate]:
    """The gates of an assembled image: secrets in its layers, known vulnerabilities of its packages."""
    box = source.tools.box("trivy")

    def scan(scanner: str) -> tuple[str, ...]:
        return (
            "trivy", "image", "--scanners", scanner, "--format", "json", "--list-all-pkgs",
            "--cache-dir", TRIVY_CACHE, "--timeout", "10m", "--input", "/image",
        )  # fmt: skip

    return [
        Gate(
            stage=Stage(
                name="image-secrets",
                container=_with_cache(source, box, "secrets"),
                argv=scan("secret"),
                inputs=(_image_input(layout),),
                cache=daily(),
            ),
            read=_trivy_reader(trivy.Scan.SECRETS),
            tool=trivy.TOOL,
            subject=digest,
        ),
        Gate(
            stage=Stage(
                name="image-vulnerabilities",
                container=_with_cache(source, box, "packages"),
                argv=scan("vuln"),
                inputs=(_image_input(layout),),
                cache=daily(),
            ),
            read=_trivy_reader(trivy.Scan.VULNERABILITIES),
            tool=trivy.TOOL,
            threshold=source.project.gates.vulnerabilities,
            data=trivy_data,
            subject=digest,
        ),
    ]


async def trivy_data(outcome: Outcome) -> Data:
    """The vulnerability database that trivy fetched for a scan."""
    command = ["trivy", "version", "--format", "json", "--cache-dir", TRIVY_CACHE]
    day = trivy.data_date(await outcome.container.with_exec(command).stdout())
    if day is None or not await outcome.container.exists(TRIVY_DATABASE):
        return Data(day=day)
    printed = await outcome.container.with_exec(["sha256sum", TRIVY_DATABASE]).stdout()
    return Data(day=day, digest=Digest.parse(f"sha256:{printed.split()[0]}"))


def sbom(source: Source, layout: dagger.Directory) -> Stage:
    """The stage that lists what is in the image: CycloneDX, as JSON."""
    return Stage(
        name=SBOM,
        container=_with_cache(source, source.tools.box("trivy"), "packages"),
        inputs=(_image_input(layout),),
        argv=(
            "trivy", "image", "--quiet", "--format", "cyclonedx", "--cache-dir", TRIVY_CACHE,
            "--timeout", "10m", "--input", "/image", "--output", "/sbom.json",
        ),
    )  # fmt: skip


def _image_input(layout: dagger.Directory) -> Input:
    return Input(path="/image", content=layout, made_by=(ASSEMBLE,))


def _with_cache(source: Source, box: dagger.Container, name: str) -> dagger.Container:
    """With what trivy found in each layer before, by the layer's diff_id and trivy's own version: base and dependencies
    are not read again for a line of the service. One at a time: trivy locks its cache and does not wait for long.
    """
    return box.with_mounted_cache(
        f"{TRIVY_CACHE}/fanal",
        source.tools.volume(f"slipway-trivy-{name}"),
        sharing=dagger.CacheSharingMode.LOCKED,
    )


def _trivy_reader(scan: trivy.Scan) -> Read:
    def read(output: ToolOutput, context: Context) -> Verdict:
        return trivy.read(output, context, scan=scan)

    return read
