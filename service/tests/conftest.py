"""What the tests share: the data, one real training, and the processes that run beside them.

A second training runs beside the tests in a process of its own: it takes seconds to import its
libraries, in which other tests run.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

from screening import dataset, table, train
from screening.bundle import Bundle
from screening.bundle import load as load_bundle
from screening.schema import Schema
from screening.schema import read as read_schema
from screening.split import Row
from support import SERVICE, Server, environment, free_port, train_arguments

# The same examples each time: a build must not fail for a reason that the next one does not see.
settings.register_profile("build", derandomize=True, deadline=None, database=None, max_examples=60)
settings.load_profile("build")
# What hypothesis notes down does not belong in the sources, which may be read-only.
set_hypothesis_home_dir(str(Path(tempfile.gettempdir(), "screening-hypothesis")))


@pytest.fixture(scope="session")
def schema() -> Schema:
    """The schema of the project."""
    return read_schema(SERVICE / "schema.json").schema


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's data as a file."""
    path = tmp_path_factory.mktemp("data") / "data.csv"
    assert dataset.main(["--output", str(path)]) == 0
    return path


@pytest.fixture(scope="session")
def rows(data: Path, schema: Schema) -> list[Row]:
    """The project's data as checked rows."""
    return list(table.parse(data.read_bytes(), schema).rows)


@pytest.fixture(scope="session")
def retrained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a training by another process, with other BLAS kernels and hashes.

    It may still be running: `wait_for` says when it is done.
    """
    folder = tmp_path_factory.mktemp("retrained")
    command = [sys.executable, "-m", "screening.train", *train_arguments(data, folder)]
    # Each name is a kernel that any machine of its kind can run; other machines ignore it.
    other = environment(OPENBLAS_CORETYPE="Nehalem", OPENBLAS_NUM_THREADS="2", PYTHONHASHSEED="7")
    with subprocess.Popen(command, env=other, stderr=subprocess.DEVNULL) as process:
        yield folder
        process.wait(60)


@pytest.fixture(scope="session")
def model_dir(data: Path, retrained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a really trained model, as the pipeline puts it into an image."""
    folder = tmp_path_factory.mktemp("model")
    assert train.main(train_arguments(data, folder)) == 0
    (folder / "build.json").write_text(json.dumps({"commit": "c" * 40, "model_digest": "sha256:m"}))
    return folder


@pytest.fixture(scope="session")
def bundle(model_dir: Path, server: Server) -> Bundle:
    """That model, verified and loaded; the process that serves it starts meanwhile."""
    return load_bundle(model_dir)


@pytest.fixture(scope="session")
def heldout(model_dir: Path) -> dict[str, list[dict[str, float]]]:
    """The held-out rows and the model's own answers to them."""
    content: dict[str, list[dict[str, float]]] = json.loads(
        (model_dir / "heldout.json").read_bytes()
    )
    return content


@pytest.fixture(scope="session")
def server(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The service as a process, just started: it may not listen yet."""
    port = free_port()
    settings = environment(MODEL_DIR=str(model_dir), HOST="127.0.0.1", PORT=str(port))
    command = [sys.executable, "-W", "error", "-m", "screening"]
    # Files, not pipes: one that nobody reads is full after some hundred lines, and blocks.
    folder = tmp_path_factory.mktemp("server")
    output, errors = folder / "stdout", folder / "stderr"
    with output.open("wb") as out, errors.open("wb") as err, ExitStack() as stack:
        process = stack.enter_context(
            subprocess.Popen(command, env=settings, stdout=out, stderr=err)
        )
        stack.callback(process.kill)
        yield Server(process, port, output, errors)
