"""Champion and challenger: the new model against the last released one.

The champion is what a tag in the registry names. It is not trusted for that: pulled by digest, verified with the key of
this release, looked at by the gate of model files, and loaded by a step without a network. A champion of which any of
that cannot be said is not evaluated. Nothing that is compared here goes into an artifact (docs/decisions/0014).
"""

from collections.abc import Mapping

import dagger

from .domain.champion import GATE, objection, recorded
from .domain.reports import comparison
from .domain.reports.common import Context, ToolOutput
from .domain.statements import Statement
from .domain.verdicts import Status, Verdict
from .errors import SlipwayError, StageFailed, VerificationError
from .evidence import last_words, today
from .layout import digest_of, files_of
from .model import OUT, Model, files_gate
from .proof import verify
from .publish import Desk
from .signing import Trust
from .source import BAD_DATA, DATA, Source
from .stage import Journal, Stage
from .tools import NOBODY, OFFLINE

CHAMPION = "/champion"


async def challenge(
    desk: Desk, source: Source, model: Model, last: str | None, trust: Trust, journal: Journal
) -> Verdict:
    """The gate: `last` is the reference by digest of the last released model, None where there is none."""
    context = _context(source)
    if last is None:
        return context.verdict(
            comparison.TOOL, Status.PASSED, "no model was released before: none to compare with"
        )
    if last.endswith(f"@{await digest_of(model.layout)}"):
        return context.verdict(
            comparison.TOOL, Status.PASSED, "the last released model is this very one"
        )
    try:
        files = await _fetched(desk, source, last, trust, journal)
        return await _compared(source, model.files, files, context, journal)
    except StageFailed as error:
        reason = f"exit code {error.exit_code}, {last_words(error.tail)}"
    except SlipwayError as error:
        reason = f"the champion {last}: {error.what}"
    return context.blind(comparison.TOOL, reason)


def said_before(
    source: Source, statements: Mapping[str, tuple[Statement, ...]], commit: str
) -> Verdict:
    """What the gate said when this commit was released. It is not asked again: the champion has moved since, to this
    very model or to a better one, and neither is a reproach."""
    context = _context(source)
    try:
        found = recorded(statements, commit)
    except SlipwayError as error:
        return context.blind(comparison.TOOL, error.what)
    return found or context.blind(
        comparison.TOOL, "this commit was released before the gate was asked for"
    )


def comparing(source: Source, challenger: dagger.Directory, champion: dagger.Directory) -> Stage:
    """The stage that loads both models and measures them on the same rows, without a network."""
    container = (
        source.with_data(source.packaged(), owner=NOBODY)
        .with_directory(OUT, challenger, owner=NOBODY)
        .with_directory(CHAMPION, champion, owner=NOBODY)
    )
    return Stage(
        name=GATE,
        container=container,
        argv=(
            *OFFLINE, "--user", NOBODY, "--",
            "python", "-m", f"{source.project.service.package}.compare",
            "--challenger", OUT, "--champion", CHAMPION,
            "--data", f"{DATA}/data.csv", "--schema", f"{DATA}/schema.json",
        ),
        accept=(0, BAD_DATA, comparison.BAD_CHAMPION),
        after=("train", "verify-champion", "champion-files"),
    )  # fmt: skip


async def _fetched(
    desk: Desk, source: Source, last: str, trust: Trust, journal: Journal
) -> dagger.Directory:
    """The champion's files; raises SlipwayError for what may not be loaded."""
    found = await verify(
        desk, "model", last, trust, journal, stage="verify-champion", after=("lookup",)
    )
    problem = objection(found.evidence, source.project.name)
    if problem:
        raise VerificationError(problem, where=last)
    files = await files_of(found.layout)
    verdict = await files_gate(source, files, journal, stage="champion-files")
    if verdict.status is not Status.PASSED:
        raise VerificationError(f"its files are not loaded: {verdict.summary}", where=last)
    return files


async def _compared(
    source: Source,
    challenger: dagger.Directory,
    champion: dagger.Directory,
    context: Context,
    journal: Journal,
) -> Verdict:
    outcome = await comparing(source, challenger, champion).run(journal)
    output = ToolOutput(exit_code=outcome.exit_code, report=outcome.stdout, stderr=outcome.stderr)
    model = source.project.model
    return comparison.read(
        output, context, metric=model.metric, tolerance=model.champion_tolerance or 0.0
    )


def _context(source: Source) -> Context:
    return Context(gate=GATE, today=today(), waivers=source.project.gates.ignore)
