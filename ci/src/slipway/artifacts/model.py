"""Trained weights with their metrics, and the gate that a model has to pass."""

import json
from typing import Annotated

import dagger
from dagger import Doc, field, function, object_type

from ..config.project import Project
from ..errors import DataError, StageFailed
from ..runtime.layout import digest_of
from ..runtime.stage import Input, Stage, StageRunner
from ..runtime.tools import LIBRARY, NOBODY, OFFLINE, STEPS
from ..verdicts.verdict import Finding, Severity, Status, Verdict
from .git import Commit, History
from .source import BAD_DATA, DATA, Source

OUT = "/model"
TRAIN = "train"
PACK = "pack-model"
# Neither needs anything from outside: there is no excuse for not looking.
GATES = ("model", "model-files")


@object_type
class Model:
    """A trained model: weights that cannot run code when loaded, metrics, card, schema of the input."""

    files: Annotated[
        dagger.Directory,
        Doc("model.skops, metrics.json, card.md, schema.json, heldout.json"),
    ] = field()
    layout: Annotated[
        dagger.Directory, Doc("the model as an OCI artifact (ModelPack), an OCI image layout")
    ] = field()

    @function
    async def metrics(self) -> str:
        """Metrics on the held-out data, as JSON."""
        return await self.files.file("metrics.json").contents()

    @function
    async def card(self) -> str:
        """The model card, as Markdown."""
        return await self.files.file("card.md").contents()

    @function
    async def digest(self) -> str:
        """The digest of the model's OCI artifact: the same weights and facts give the same digest."""
        return await digest_of(self.layout)


def training(source: Source, origin: Commit) -> Stage:
    """The stage that trains. Its inputs are the training files, the data, the lock, and the commit that last changed
    one of them: no other commit trains again."""
    argv = (
        "python", "-m", f"{source.project.service.package}.train",
        "--data", f"{DATA}/data.csv", "--schema", f"{DATA}/schema.json", "--output", OUT,
        "--commit", origin.sha, "--epoch", str(origin.epoch),
    )  # fmt: skip
    return Stage(
        name=TRAIN,
        container=source.trainer(),
        argv=argv,
        inputs=source.data_inputs(),
        accept=(0, BAD_DATA),
    )


def trained(files: dagger.Directory, path: str = OUT, owner: str = "") -> Input:
    """The files of the model that training left, as another stage reads them."""
    return Input(path=path, content=files, made_by=(TRAIN,), owner=owner)


def packing(source: Source, files: dagger.Directory, origin: Commit) -> Stage:
    """The stage that writes the model's OCI artifact."""
    return Stage(
        name=PACK,
        container=source.tools.assembler(),
        inputs=(trained(files),),
        argv=(
            "python", "-m", "slipway.steps.assemble", "model",
            "--name", source.project.name, "--files", OUT, "--output", "/layout",
            "--commit", origin.sha, "--epoch", str(origin.epoch),
        ),
    )  # fmt: skip


async def train(source: Source, runner: StageRunner, history: History) -> Model:
    """Train and pack; raises DataError where the data is at fault, StageFailed where training is."""
    origin = await history.last(source.training_inputs())
    stage = training(source, origin)
    outcome = await runner.run(stage)
    if outcome.exit_code == BAD_DATA:
        raise DataError(
            "the data does not fit its schema:\n" + outcome.stderr.strip(),
            remedy="`dagger call check` lists every problem",
        )
    files = outcome.directory(OUT)
    packed = await runner.run_to_success(packing(source, files, origin))
    # object_type makes a dataclass of the class, which a type checker cannot see.
    return Model(files=files, layout=packed.directory("/layout"))  # type: ignore[call-arg]


async def gates(source: Source, model: Model, runner: StageRunner) -> list[Verdict]:
    """The gates of a model: how good it is, and what its files are."""
    return [
        await gate(model, source.project),
        await files_gate(source, trained(model.files, owner=NOBODY), runner),
    ]


async def gate(model: Model, project: Project) -> Verdict:
    """The model gate: the declared metric on the held-out data is at least the declared threshold.

    Whether the last released model is better is another gate's question (champion.py)."""
    facts = json.loads(await model.files.file("metrics.json").contents())
    metric, threshold = project.model.metric, project.model.threshold
    value = facts.get("metrics", {}).get(metric)
    findings: list[Finding] = []
    if not isinstance(value, float | int):
        findings.append(
            _finding(
                "metric-missing", f"metrics.json has no number for {metric}", "Report it in train"
            )
        )
    elif not value >= threshold:
        findings.append(
            _finding(
                "below-threshold",
                f"{metric} is {value:.4f} on {facts['rows']['heldout']} held-out rows, the threshold {threshold:g}",
                "Train a better model, or change model.threshold in slipway.yaml and say why in the commit",
            )
        )
    return Verdict(
        gate="model",
        status=Status.FAILED if findings else Status.PASSED,
        summary=findings[0].title if findings else f"{metric} {value:.4f} ≥ {threshold:g}",
        findings=tuple(findings),
        tool="slipway",
    )


def examining(source: Source, files: Input, stage: str = "model-files") -> Stage:
    """The stage that looks at a model's files, and loads none of them."""
    model = source.project.model
    rules = {
        "globals": [list(pair) for pair in model.pickle_globals],
        "types": list(model.trusted_types),
    }
    container = (
        source.tools.box(locked="model")
        # Nobody reads it, whatever umask our clone has.
        .with_mounted_directory(LIBRARY, source.tools.library(*STEPS), owner=NOBODY)
        .with_new_file("/rules.json", json.dumps(rules))
        # fickling leaves a report in its work folder, and nobody may write only here.
        .with_workdir("/tmp")  # noqa: S108 - of a container that nobody shares
    )
    return Stage(
        name=stage,
        container=container,
        argv=(
            *OFFLINE, "--user", NOBODY, "--",
            "python", "-m", "slipway.steps.model_files", "--folder", files.path, "--rules", "/rules.json",
        ),
        inputs=(files,),
    )  # fmt: skip


async def files_gate(
    source: Source, files: Input, runner: StageRunner, stage: str = "model-files"
) -> Verdict:
    """The gate of the model's files: each is of a kind that can be read without running code."""
    try:
        outcome = await runner.run(examining(source, files, stage))
        found = json.loads(outcome.stdout)
    except (StageFailed, ValueError) as error:
        return Verdict(
            gate="model-files",
            status=Status.NOT_EVALUATED,
            summary=f"not evaluated: {str(error).splitlines()[0]}",
            tool="slipway",
        )
    findings = tuple(Finding(severity=Severity.CRITICAL, **each) for each in found)
    count = len(await files.content.entries()) if isinstance(files.content, dagger.Directory) else 1
    return Verdict(
        gate="model-files",
        status=Status.FAILED if findings or not count else Status.PASSED,
        summary=findings[0].title if findings else f"{count} files, none of which runs code",
        findings=findings,
        tool="slipway",
    )


def _finding(name: str, title: str, remedy: str) -> Finding:
    return Finding(
        id=name, severity=Severity.HIGH, title=title, where="metrics.json", remedy=remedy
    )
