"""The front door, as far as it asks no engine: the page of a release that was made before."""

from __future__ import annotations

from typing import Any

import pytest
from dagger.mod._exceptions import FunctionError
from slipway.main import Slipway
from slipway.pipeline.release import make_release

from tests.support.fake_dagger import FakeDirectory, FakeFile
from tests.unit.pipeline.building import job

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("client_in_memory")]


def slipway() -> Any:
    """The module, as a caller makes it."""
    # object_type makes a dataclass of the class, which a type checker cannot see.
    return Slipway(project_tree=FakeDirectory(), git_dir=FakeDirectory())  # type: ignore[call-arg]


async def test_the_page_of_a_release_is_drawn_again_from_its_record() -> None:
    done = await make_release(job(), allow_dirty=False)
    page = await slipway().report(FakeFile(done.json))
    assert "<html" in await page.contents()


async def test_a_file_that_is_no_record_of_a_release_is_told_in_a_sentence() -> None:
    with pytest.raises(FunctionError, match=r"release\.json"):
        await slipway().report(FakeFile("{}"))
