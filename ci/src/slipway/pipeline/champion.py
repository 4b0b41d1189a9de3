"""Champion and challenger: the new model against the last released one.

The champion is what a tag in the registry names. It is not trusted for that: pulled by digest, verified with the key of
this release, looked at by the gate of model files, and loaded by a step without a network. A champion of which any of
that cannot be said is not evaluated. Nothing that is compared here goes into an artifact (docs/decisions/0014).
"""

from collections.abc import Mapping

import dagger

from ..artifacts.model import OUT, Model, files_gate, trained
from ..artifacts.source import BAD_DATA, DATA, Source
from ..attestations.statements import Statement
from ..errors import SlipwayError, StageFailed, VerificationError
from ..gates.base import last_words, today
from ..policy.champion import GATE, objection, recorded
from ..publishing.client import RegistryClient
from ..runtime.layout import digest_of, files_of
from ..runtime.stage import Input, Stage, StageRunner
from ..runtime.tools import NOBODY, OFFLINE
from ..signers.cosign import Verifier
from ..verdicts.readers import comparison
from ..verdicts.tool_output import Context, ToolOutput
from ..verdicts.verdict import Status, Verdict
from .verify import verify_artifact

CHAMPION = "/champion"
VERIFY = "verify-champion"
FILES = "champion-files"


async def challenge(
    client: RegistryClient, source: Source, model: Model, last: str | None, verifier: Verifier
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
        files = await _fetched(client, source, last, verifier)
        return await _compared(source, model.files, files, context, client.runner)
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
    return Stage(
        name=GATE,
        container=source.packaged(),
        argv=(
            *OFFLINE, "--user", NOBODY, "--",
            "python", "-m", f"{source.project.service.package}.compare",
            "--challenger", OUT, "--champion", CHAMPION,
            "--data", f"{DATA}/data.csv", "--schema", f"{DATA}/schema.json",
        ),
        accept=(0, BAD_DATA, comparison.BAD_CHAMPION),
        inputs=(
            *source.data_inputs(owner=NOBODY),
            trained(challenger, owner=NOBODY),
            Input(path=CHAMPION, content=champion, made_by=(VERIFY, FILES), owner=NOBODY),
        ),
    )  # fmt: skip


async def _fetched(
    client: RegistryClient, source: Source, last: str, verifier: Verifier
) -> dagger.Directory:
    """The champion's files; raises SlipwayError for what may not be loaded."""
    champion = await verify_artifact(
        client, "model", last, verifier, stage=VERIFY, gated_by=("lookup",)
    )
    problem = objection(champion.evidence, source.project.name)
    if problem:
        raise VerificationError(problem, where=last)
    files = await files_of(champion.layout)
    pulled = Input(path=OUT, content=files, made_by=(VERIFY,), owner=NOBODY)
    verdict = await files_gate(source, pulled, client.runner, stage=FILES)
    if verdict.status is not Status.PASSED:
        raise VerificationError(f"its files are not loaded: {verdict.summary}", where=last)
    return files


async def _compared(
    source: Source,
    challenger: dagger.Directory,
    champion: dagger.Directory,
    context: Context,
    runner: StageRunner,
) -> Verdict:
    outcome = await runner.run(comparing(source, challenger, champion))
    output = ToolOutput(exit_code=outcome.exit_code, report=outcome.stdout, stderr=outcome.stderr)
    model = source.project.model
    return comparison.read(
        output, context, metric=model.metric, tolerance=model.champion_tolerance or 0.0
    )


def _context(source: Source) -> Context:
    return Context(gate=GATE, today=today(), waivers=source.project.gates.ignore)
