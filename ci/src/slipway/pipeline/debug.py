"""Every stage by its name, for `debug`: the same containers and commands that a run uses.

The gates come from their list; every other stage is a line of a table here.
"""

import difflib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import dagger

from ..artifacts import image as image_stages
from ..artifacts import model as model_stages
from ..artifacts.git import History
from ..artifacts.image import Image
from ..artifacts.model import Model
from ..artifacts.sbom import SBOM, sbom_stage
from ..artifacts.source import DATASET, Source
from ..errors import ConfigError
from ..gates import GATES
from ..gates.base import BuiltImage, ModelPair, SourceTree, Subject, TrainedModel
from ..iac import plan as plan_stages
from ..iac.state import StateBackend
from ..runtime.stage import Stage, StageRunner
from ..runtime.tools import NOBODY


@dataclass(frozen=True, kw_only=True)
class Debugger:
    """Makes what comes before a stage, and the stage itself."""

    source: Source
    history: History
    backend: StateBackend = field(default_factory=StateBackend)
    runner: StageRunner = field(default_factory=StageRunner)

    async def model(self) -> Model:
        """The model, trained."""
        return await model_stages.train_model(self.source, self.runner, self.history)

    async def image(self) -> Image:
        """The image, assembled."""
        head = await self.history.head()
        return await image_stages.build_image(self.source, await self.model(), self.runner, head)


async def stage_named(debugger: Debugger, name: str) -> Stage:
    """The stage of that name, with all that comes before it made; raises ConfigError where there is none."""
    gate = next((each for each in GATES if each.name == name and each.stage is not None), None)
    if gate is not None and gate.stage is not None:
        return gate.stage(await _subject(debugger, gate.subject))
    if name in STAGES:
        return await STAGES[name](debugger)
    known = stage_names()
    close = difflib.get_close_matches(name, known, 1)
    meant = f"Did you mean {close[0]}?" if close else f"There are: {', '.join(known)}"
    raise ConfigError(f"there is no stage {name!r}", where="--stage", remedy=meant)


def stage_names() -> tuple[str, ...]:
    """The names that `debug` takes."""
    return (*(gate.name for gate in GATES if gate.stage is not None), *STAGES)


async def _subject(debugger: Debugger, kind: type[Subject]) -> Subject:
    source = debugger.source
    if kind is SourceTree:
        return SourceTree(source=source)
    if kind is BuiltImage:
        return BuiltImage(source=source, image=await debugger.image())
    files = model_stages.trained((await debugger.model()).files, owner=NOBODY)
    if kind is ModelPair:
        # Which model was released last is the registry's to say. Here the new one stands in its place.
        return ModelPair(source=source, challenger=files)
    return TrainedModel(source=source, files=files)


async def _dataset(debugger: Debugger) -> Stage:
    return debugger.source.dataset()


async def _train(debugger: Debugger) -> Stage:
    source = debugger.source
    return model_stages.train_stage(source, await debugger.history.last(source.training_inputs()))


async def _pack_model(debugger: Debugger) -> Stage:
    source = debugger.source
    origin = await debugger.history.last(source.training_inputs())
    files = model_stages.train_stage(source, origin).finished().directory(model_stages.OUT)
    return model_stages.pack_stage(source, files, origin)


async def _state(debugger: Debugger) -> Stage:
    return plan_stages.state_stage(debugger.source, debugger.backend)


async def _plan(debugger: Debugger) -> Stage:
    source, backend = debugger.source, debugger.backend
    head = await debugger.history.head()
    state = await plan_stages.state_of(source, debugger.runner, backend)
    return plan_stages.plan_stage(source, head.epoch, backend, state)


async def _pack_plan(debugger: Debugger) -> Stage:
    files = (await _plan(debugger)).finished().directory(plan_stages.OUT)
    head = await debugger.history.head()
    return plan_stages.pack_stage(debugger.source, files, head.sha)


async def _layers(debugger: Debugger) -> Mapping[str, Stage]:
    head = await debugger.history.head()
    return image_stages.layer_stages(debugger.source, await debugger.model(), head.sha)


def _layer(name: str) -> Callable[[Debugger], Awaitable[Stage]]:
    async def stage(debugger: Debugger) -> Stage:
        return (await _layers(debugger))[name]

    return stage


async def _assemble(debugger: Debugger) -> Stage:
    parts: dict[str, dagger.Directory] = {
        name: stage.finished().directory("/layer")
        for name, stage in (await _layers(debugger)).items()
    }
    return image_stages.assemble_stage(debugger.source, await debugger.history.head(), parts)


async def _sbom(debugger: Debugger) -> Stage:
    return sbom_stage(debugger.source.tools, (await debugger.image()).layout)


STAGES: Final[Mapping[str, Callable[[Debugger], Awaitable[Stage]]]] = {
    DATASET: _dataset,
    model_stages.TRAIN: _train,
    model_stages.PACK: _pack_model,
    plan_stages.STATE: _state,
    plan_stages.PLAN: _plan,
    plan_stages.PACK: _pack_plan,
    **{f"layer-{name}": _layer(name) for name in image_stages.LAYER_NAMES},
    image_stages.ASSEMBLE: _assemble,
    SBOM: _sbom,
}
