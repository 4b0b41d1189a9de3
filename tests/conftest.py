"""What the tests with an engine share: one connection to it, and one copy of the reference project.

Imports are in the functions: most tests need neither.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

if TYPE_CHECKING:
    from slipway.artifacts.source import Source

    from .support.project import Project

NO_ENGINE = (
    "These tests need a Dagger engine and none is in reach: run `make test`, "
    'or `eval "$(python3 -m engine env)"` before pytest.'
)


# A deadline on the wall clock measures what else the machine does. How long unit tests may take is measured in seconds
# of processor: `make test-unit`.
settings.register_profile("slipway", deadline=None)
settings.load_profile("slipway")

# What installs packages, or brings engines up beside the one that everybody uses: one after the other.
MACHINE = ("tests/engine/", "tests/browser/", "tests/pipeline/test_same_bits.py")


class ByFile(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """What may not be torn apart where two run tests at once: a file, which has fixtures of its own; the machine."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return "machine" if path.startswith(MACHINE) else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """Which of two runs which tests; xdist 3.8 does not see its own groups with pytest 9.2."""
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, or one would wait for the other in the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(MACHINE))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """What the asynchronous tests run on."""
    return "asyncio"


@pytest.fixture(scope="session")
def engine() -> None:
    """An engine in reach; without one a test fails, it is not skipped."""
    if not (os.environ.get("_EXPERIMENTAL_DAGGER_RUNNER_HOST") or docker_answers()):
        pytest.fail(NO_ENGINE, pytrace=False)


def docker_answers() -> bool:
    """Whether a Docker daemon and a dagger CLI are there, which start an engine by themselves."""
    if not (shutil.which("docker") and shutil.which("dagger")):
        return False
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="session")
async def connection(
    engine: None, anyio_backend: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[None]:
    """The Python client's session. Its log goes to a file: a pipe that nobody reads would fill up.

    Tests name it with `usefixtures`; it comes before the fixtures of a module, whose scope is smaller.
    """
    import dagger

    # An engine in reach, or it fails; the backend has the scope of the session.
    del engine, anyio_backend
    path = tmp_path_factory.mktemp("dagger") / "session.log"
    with path.open("w") as log:
        async with dagger.connection(dagger.Config(log_output=log)):
            yield


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The reference project, committed. No test may change it."""
    from .support.project import Project

    return Project.reference(tmp_path_factory.mktemp("reference") / "project")


@pytest.fixture
def project(reference: Project, tmp_path: Path) -> Project:
    """A copy of the reference project that the test may change."""
    return reference.copy(tmp_path / "project")


@pytest.fixture(scope="session")
async def source(connection: None, reference: Project) -> Source:
    """The reference project as the pipeline sees it."""
    del connection  # it has to be there
    return await reference.source()


@pytest.fixture
def fresh() -> Callable[[str], str]:
    """Makes project names that no release has yet."""
    return lambda prefix: f"{prefix}-{uuid.uuid4().hex[:10]}"
