"""Trained weights with their metrics, and the gate that a model has to pass."""

from typing import Annotated

import dagger
from dagger import Doc, field, function, object_type

from ..errors import DataError
from ..runtime.layout import digest_of
from ..runtime.stage import Input, Stage, StageRunner
from .git import Commit, History
from .source import BAD_DATA, DATA, Source

OUT = "/model"
TRAIN = "train"
PACK = "pack-model"
CHAMPION_OUT = "/champion"


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


def train_stage(source: Source, origin: Commit) -> Stage:
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


def trained(files: dagger.Directory, owner: str = "") -> Input:
    """The files of the model that training left, as another stage reads them."""
    return Input(path=OUT, content=files, made_by=(TRAIN,), owner=owner)


def pack_stage(source: Source, files: dagger.Directory, origin: Commit) -> Stage:
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


async def train_model(source: Source, runner: StageRunner, history: History) -> Model:
    """Train and pack; raises DataError where the data is at fault, StageFailed where training is."""
    origin = await history.last(source.training_inputs())
    stage = train_stage(source, origin)
    outcome = await runner.run(stage)
    if outcome.exit_code == BAD_DATA:
        raise DataError(
            "the data does not fit its schema:\n" + outcome.stderr.strip(),
            remedy="`dagger call check` lists every problem",
        )
    files = outcome.directory(OUT)
    packed = await runner.run_to_success(pack_stage(source, files, origin))
    # object_type makes a dataclass of the class, which a type checker cannot see.
    return Model(files=files, layout=packed.directory("/layout"))  # type: ignore[call-arg]
