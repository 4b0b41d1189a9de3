"""Every stage by its name, for `debug`: the same containers and commands that a run uses."""

import difflib
from collections.abc import Sequence

from ..artifacts import image as images
from ..artifacts import model as models
from ..artifacts.git import History
from ..artifacts.source import Source
from ..errors import ConfigError
from ..gates.base import image_gates, sbom, source_gates
from ..iac import plan as plans
from ..iac.state import Keeper
from ..runtime.stage import Stage, StageRunner
from ..runtime.tools import NOBODY
from . import champion as champions

EARLY = ("dataset", "train", "model-files", "champion", "pack-model", "state", "plan", "pack-plan")
LATE = ("assemble", "smoke-test", "image-secrets", "image-vulnerabilities", "sbom")


async def stage_named(
    name: str, source: Source, history: History, keeper: Keeper | None = None
) -> Stage:
    """The stage of that name, with all that comes before it made; raises ConfigError where there is none."""
    checks = {gate.stage.name: gate.stage for gate in source_gates(source, None)}
    if name in checks:
        return checks[name]
    if name in EARLY:
        return await _early(name, source, history, keeper or Keeper())
    if name in LATE or name.startswith("layer-"):
        stages = await _late(source, history)
        if name in stages:
            return stages[name]
    known = [*checks, *EARLY, *LATE]
    close = difflib.get_close_matches(name, known, 1)
    meant = f"Did you mean {close[0]}?" if close else f"There are: {', '.join(known)}"
    raise ConfigError(f"there is no stage {name!r}", where="--stage", remedy=meant)


async def _early(name: str, source: Source, history: History, keeper: Keeper) -> Stage:
    if name == "dataset":
        return source.dataset()
    head = await history.head()
    if name == "state":
        return plans.asking(source, keeper)
    if name in ("plan", "pack-plan"):
        state = await plans.state_of(source, StageRunner(), keeper)
        planning = plans.planning(source, head.epoch, keeper, state)
        if name == "plan":
            return planning
        return plans.packing(source, planning.finished().directory(plans.OUT), head.sha)
    origin = await history.last(source.training_inputs())
    training = models.training(source, origin)
    if name == "train":
        return training
    if name == "model-files":
        return models.examining(
            source, models.trained(training.finished().directory(models.OUT), owner=NOBODY)
        )
    if name == "champion":
        # Which one was released last is the registry's to say. Here the new model stands in its place.
        files = training.finished().directory(models.OUT)
        return champions.comparing(source, files, files)
    return models.packing(source, training.finished().directory(models.OUT), origin)


async def _late(source: Source, history: History) -> dict[str, Stage]:
    head = await history.head()
    model = await models.train(source, StageRunner(), history)
    layers = images.layers(source, model, head.sha)
    parts = {name: stage.finished().directory("/layer") for name, stage in layers.items()}
    assembly = images.assembly(source, head, parts)
    done = assembly.finished()
    image = images.assembled(done, model, source.project.service.port)
    gates: Sequence[Stage] = [gate.stage for gate in image_gates(source, image.layout, "")]
    stages = [
        *layers.values(),
        assembly,
        images.smoke(source, image, "debug"),
        sbom(source, image.layout),
        *gates,
    ]
    return {stage.name: stage for stage in stages}
