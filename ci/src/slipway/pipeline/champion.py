"""The champion: the last released model, which a new one is compared with.

It is what a tag in the registry names, and is not trusted for that: pulled by digest, verified with the key of this
release, looked at by the gates of models, and loaded by a step without a network. A champion that fails any of that
is not compared with. Nothing that is compared here goes into an artifact (docs/decisions/0014).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..artifacts.model import OUT, Model, trained
from ..artifacts.source import Source
from ..attestations.statements import Statement
from ..errors import SlipwayError, StageFailed, VerificationError
from ..gates import gates_of
from ..gates.base import Answer, ModelPair, TrainedModel, judge_all, last_line, not_evaluated
from ..policy.champion import objection, recorded
from ..publishing.client import RegistryClient
from ..runtime.layout import digest_of, files_of
from ..runtime.stage import Input
from ..runtime.tools import NOBODY
from ..signers.verifier import Verifier
from ..verdicts.verdict import Status, Verdict
from .verify import verify_artifact

VERIFY = "verify-champion"
FILES = "champion-files"


async def challenge(
    client: RegistryClient,
    source: Source,
    model: Model,
    commit: str,
    last: str | None,
    verifier: Verifier,
) -> Sequence[Verdict]:
    """The gates of the new model and the champion; `last` is the champion's reference by digest, None without one."""
    digest = await digest_of(model.layout)
    pair = ModelPair(source=source, digest=digest, commit=commit, challenger=trained(model.files))
    pair = await _with_champion(pair, client, last, verifier)
    return await judge_all(gates_of(ModelPair), pair, client.runner)


async def _with_champion(
    pair: ModelPair, client: RegistryClient, last: str | None, verifier: Verifier
) -> ModelPair:
    """The pair with the champion's files, or with the answer that stands in for a comparison."""
    if last is None:
        none = "no model was released before: none to compare with"
        return replace(pair, answer=Answer(status=Status.PASSED, summary=none))
    if last.endswith(f"@{pair.digest}"):
        same = "the last released model is this very one"
        return replace(pair, answer=Answer(status=Status.PASSED, summary=same))
    try:
        return replace(pair, champion=await _fetch(pair, client, last, verifier))
    except StageFailed as error:
        reason = f"exit code {error.exit_code}, {last_line(error.tail)}"
    except SlipwayError as error:
        reason = f"the champion {last}: {error.what}"
    return replace(pair, answer=Answer(status=Status.NOT_EVALUATED, summary=reason))


async def _fetch(pair: ModelPair, client: RegistryClient, last: str, verifier: Verifier) -> Input:
    """The champion's files; raises SlipwayError for what may not be loaded."""
    champion = await verify_artifact(
        client, "model", last, verifier, stage=VERIFY, gated_by=("lookup",)
    )
    problem = objection(champion.evidence, pair.source.project.name)
    if problem:
        raise VerificationError(problem, where=last)
    files = Input(
        path=OUT, content=await files_of(champion.layout), made_by=(VERIFY,), owner=NOBODY
    )
    model = TrainedModel(source=pair.source, files=files, stage=FILES)
    # What decides whether its files may be loaded; how good it is, the comparison says.
    gates = [gate for gate in gates_of(TrainedModel) if gate.stage is not None]
    for verdict in await judge_all(gates, model, client.runner):
        if verdict.status is not Status.PASSED:
            raise VerificationError(f"its files are not loaded: {verdict.summary}", where=last)
    return replace(files, made_by=(VERIFY, FILES))


def judged_before(
    pair: ModelPair, statements: Mapping[str, tuple[Statement, ...]]
) -> Sequence[Verdict]:
    """What the gates said when this commit was released. They are not asked again: the champion has moved since, to
    this very model or to a better one, and neither is a reproach."""
    applying = [gate for gate in gates_of(ModelPair) if gate.applies(pair.source.project)]
    try:
        earlier = [recorded(statements, pair.commit, gate.name) for gate in applying]
    except SlipwayError as error:
        return [not_evaluated(gate, pair, error.what) for gate in applying]
    missing = "this commit was released before the gate was asked for"
    return [
        verdict or not_evaluated(gate, pair, missing)
        for gate, verdict in zip(applying, earlier, strict=True)
    ]
