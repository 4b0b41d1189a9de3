"""The service's image: assembled layer by layer, the same bits every time, and asked before it is let out."""

import json
from typing import Annotated, Final

import dagger
from dagger import Doc, dag, field, function, object_type

from ..runtime.concurrency import concurrently
from ..runtime.images import PYTHON
from ..runtime.layout import digest_of
from ..runtime.stage import Input, Stage, StageRunner
from ..runtime.tools import NOBODY
from .git import Commit
from .model import TRAIN, Model
from .source import VENV, Source

USER: Final = NOBODY
APP: Final = "/opt/service"
MODEL: Final = "/model"
LOGS: Final = "/logs"
LAYERS: Final = "/layers"
ASSEMBLE: Final = "assemble"
LAYER_NAMES: Final = ("dependencies", "service", "model", "facts")


@object_type
class Image:
    """The service that serves exactly one model, as an OCI image."""

    model: Annotated[Model, Doc("the model that the image serves")] = field()
    layout: Annotated[dagger.Directory, Doc("the image as an OCI image layout")] = field()
    archive: Annotated[dagger.File, Doc("the same layout as a tar, as `docker load` takes it")] = (
        field()
    )
    port: int = 8080

    @function
    def image(self) -> dagger.Container:
        """The image as a container: `terminal` opens a shell in it."""
        return container_of(self)

    @function
    def serve(self) -> dagger.Service:
        """The image as a service: `up --ports 8080:8080` makes it answer on this machine."""
        return container_of(self).with_exposed_port(self.port).as_service(use_entrypoint=True)

    @function
    async def digest(self) -> str:
        """The digest of the image's manifest."""
        return await digest_of(self.layout)


def container_of(image: Image) -> dagger.Container:
    """The very bits that were assembled, as a container."""
    return dag.container().import_(image.archive).with_default_terminal_cmd(["bash"])


def image_of(done: dagger.Container, model: Model, port: int) -> Image:
    """The image that the finished assembly stage left."""
    # object_type makes a dataclass of the class, which a type checker cannot see.
    return Image(  # type: ignore[call-arg]
        model=model, layout=done.directory("/layout"), archive=done.file("/image.tar"), port=port
    )


def layer_stages(source: Source, model: Model, commit: str) -> dict[str, Stage]:
    """One stage a layer: dependencies, service, model, facts of the build. Each is cached on its own, so that
    one line of the service writes again only the service's layer and the facts."""
    facts = dag.directory().with_new_file("build.json", json.dumps({"commit": commit}))
    app = source.service.directory("src").filter(include=["**/*.py", "**/py.typed", "**/*.json"])
    weights = model.files.without_file("heldout.json")
    contents = {
        "dependencies": (
            VENV,
            Input(path="/content", content=source.dependencies().directory(VENV)),
        ),
        "service": (APP, Input(path="/content", content=app)),
        "model": (MODEL, Input(path="/content", content=weights, made_by=(TRAIN,))),
        "facts": (MODEL, Input(path="/content", content=facts)),
    }
    return {
        name: Stage(
            name=f"layer-{name}",
            container=source.tools.assembler(),
            inputs=(content,),
            argv=(
                "python", "-m", "slipway.steps.assemble", "layer",
                "--folder", "/content", "--at", path, "--output", "/layer", "--without-tests",
            ),
        )
        for name, (path, content) in contents.items()
    }  # fmt: skip


def assemble_stage(source: Source, head: Commit, parts: dict[str, dagger.Directory]) -> Stage:
    """The stage that puts base and layers together into an OCI layout, and the same as a tar."""
    service = source.project.service
    container = source.tools.assembler().with_mounted_file(
        "/base.tar", source.tools.image(PYTHON).as_tarball()
    )
    config = {
        "user": USER,
        "entrypoint": [f"{VENV}/bin/python", "-m", service.package],
        "working_dir": "/",
        "port": service.port,
        "env": {
            "MODEL_DIR": MODEL,
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "PATH": f"{VENV}/bin:/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
            "PORT": str(service.port),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": APP,
            "PYTHONUNBUFFERED": "1",
        },
        "labels": {
            "org.opencontainers.image.base.name": source.tools.reference(PYTHON).partition("@")[0],
            "org.opencontainers.image.revision": head.sha,
            "org.opencontainers.image.title": source.project.name,
        },
    }
    return Stage(
        name=ASSEMBLE,
        container=container.with_new_file("/config.json", json.dumps(config, sort_keys=True)),
        argv=(
            "python", "-m", "slipway.steps.assemble", "image", "--base", "/base.tar",
            "--layers", *(f"{LAYERS}/{name}" for name in parts), "--config", "/config.json",
            "--epoch", str(head.epoch), "--output", "/layout", "--archive", "/image.tar",
        ),
        inputs=tuple(
            Input(path=f"{LAYERS}/{name}", content=directory, made_by=(f"layer-{name}",))
            for name, directory in parts.items()
        ),
    )  # fmt: skip


async def build_image(source: Source, model: Model, runner: StageRunner, head: Commit) -> Image:
    """Assemble the image; raises StageFailed where a layer or the image cannot be written."""
    stages = layer_stages(source, model, head.sha)
    outcomes = await concurrently(*(runner.run_to_success(stage) for stage in stages.values()))
    parts = {
        name: outcome.directory("/layer") for name, outcome in zip(stages, outcomes, strict=True)
    }
    outcome = await runner.run_to_success(assemble_stage(source, head, parts))
    return image_of(outcome.container, model, source.project.service.port)
