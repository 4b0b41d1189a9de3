"""What loads a model has no way out: a service that calls out when it loads its model, and a comparison that does.

Each is run in the network that steps have, too: there it reaches somebody, so the refusal is one.
"""

from __future__ import annotations

import uuid

import dagger
import pytest
from slipway.artifacts.image import container_of
from slipway.artifacts.model import train_model, trained
from slipway.artifacts.source import VENV, Source, open_source
from slipway.gates.base import BuiltImage, ModelPair
from slipway.gates.champion import compare_stage
from slipway.gates.smoke_test import smoke_test_stage
from slipway.iac import engine_names
from slipway.runtime.stage import Stage, StageRunner
from slipway.runtime.tools import OFFLINE, Tools

from ..support.project import Project
from ..support.releasing import built

pytestmark = [pytest.mark.engine, pytest.mark.anyio, pytest.mark.usefixtures("connection")]
STORE = "service/src/screening/store.py"
LOADING = "    model = skops_io.loads(content, trusted=None)\n"
# What code in a model would do, were there any: call somebody, and tell of it.
CALLING = """
    import os
    import socket
    import sys

    try:
        socket.create_connection(("{address}", 8000), timeout=5).close()
        print("somebody was reached", file=sys.stderr, flush=True)
        os._exit(9)
    except OSError as error:
        print(f"nobody was reached: {{error}}", file=sys.stderr, flush=True)
"""


@pytest.fixture(scope="module")
async def calling(source: Source) -> Source:
    """The reference project, whose service calls somebody when it loads a model."""
    listening = (
        Tools()
        .python()
        .with_env_variable("MARK", uuid.uuid4().hex)
        .with_exposed_port(8000)
        .as_service(args=["python", "-m", "http.server", "8000", "--directory", "/tmp"])
    )
    service = await listening.start()
    asked = Tools().python().with_service_binding("somebody", service)
    words = await asked.with_exec(["getent", "ahostsv4", "somebody"]).stdout()
    text = await source.tree.file(STORE).contents()
    assert LOADING in text
    called = text.replace(LOADING, CALLING.format(address=words.split()[0]) + LOADING)
    return await open_source(source.tree.with_new_file(STORE, called), source.tools, engine_names())


async def loaded_in_the_network(stage: Stage) -> str:
    """What is complained of when the stage's command is run without the program that confines it."""
    argv = stage.argv[stage.argv.index("--") + 1 :]
    free = Stage(
        name="free", container=stage.container, argv=argv, inputs=stage.inputs, accept=(0, 9)
    )
    return (await StageRunner().run(free)).stderr


async def test_a_comparison_reaches_nobody(
    calling: Source, source: Source, reference: Project
) -> None:
    # Trained by the honest service: its training loads nothing.
    model = await train_model(source, StageRunner(), reference.history())
    stage = compare_stage(ModelPair(source=calling, challenger=trained(model.files)))
    assert stage.argv[: len(OFFLINE)] == OFFLINE
    outcome = await StageRunner().run(stage)
    assert outcome.exit_code == 0
    assert "nobody was reached: [Errno 101] Network is unreachable" in outcome.stderr
    assert "somebody was reached" in await loaded_in_the_network(stage)


async def test_a_service_under_test_reaches_nobody(calling: Source, reference: Project) -> None:
    image = await built(calling, reference)
    stage = smoke_test_stage(
        BuiltImage(source=calling, digest=f"sha256:{uuid.uuid4().hex}", image=image)
    )
    outcome = await StageRunner().run(stage)
    assert outcome.exit_code == 0, outcome.stderr
    log = stage.argv[stage.argv.index("--log") + 1]
    told = await outcome.container.with_exec(["cat", log]).stdout()
    assert "nobody was reached: [Errno 101] Network is unreachable" in told
    free = container_of(image).with_env_variable("MARK", uuid.uuid4().hex)
    command = [f"{VENV}/bin/python", "-m", calling.project.service.package]
    done = free.with_exec(command, expect=dagger.ReturnType.ANY)
    assert await done.exit_code() == 9
    assert "somebody was reached" in await done.stderr()
