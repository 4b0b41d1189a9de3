"""once: the very same thing again, for each object and each set of arguments."""

from __future__ import annotations

from dataclasses import dataclass, replace

import anyio
import dagger
import pytest
from dagger import dag
from slipway.runtime.memo import known, memoize, memoize_read

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, kw_only=True)
class Maker:
    """As the rooms of the module are: frozen, and with a field that cannot be hashed."""

    lock: dict[str, str]

    @memoize
    def thing(self, *names: str, locked: str = "") -> list[str]:
        """A new one, where nobody keeps it."""
        return [*self.lock, *names, locked]

    @memoize
    def fails(self) -> None:
        """Nothing to keep."""
        raise ValueError


def test_asked_again_it_is_the_very_same() -> None:
    maker = Maker(lock={"a": "b"})
    assert maker.thing("x", locked="y") is maker.thing("x", locked="y")
    assert maker.thing("x", locked="y") == ["a", "x", "y"]


def test_other_arguments_and_other_objects_have_their_own() -> None:
    maker = Maker(lock={"a": "b"})
    assert maker.thing() is not maker.thing("x")
    assert maker.thing("x") is not maker.thing(locked="x")
    other = replace(maker, lock={})
    assert other.thing() == [""]
    assert maker == Maker(lock={"a": "b"})


def test_what_fails_is_tried_again() -> None:
    maker = Maker(lock={})
    for _ in range(2):
        with pytest.raises(ValueError, match=r"^$"):
            maker.fails()


async def test_a_folder_is_read_once(anyio_backend: str) -> None:
    del anyio_backend
    asked = []

    @memoize_read
    async def read(folder: dagger.Directory) -> int:
        asked.append(folder)
        return len(asked)

    one, other = dag.directory(), dag.directory()
    assert [await read(one), await read(one), await read(other)] == [1, 1, 2]


async def test_an_id_is_asked_for_once_however_many_ask(anyio_backend: str) -> None:
    del anyio_backend
    folder = dag.directory()
    asked = []

    async def ask() -> str:
        asked.append(folder)
        await anyio.sleep(0)
        return "id"

    folder.id = ask  # type: ignore[assignment,method-assign]
    same = known(folder)
    assert same is folder
    found = []

    async def wait() -> None:
        found.append(await same.id())

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(wait)
    assert found == ["id"] * 5
    assert len(asked) == 1


def test_what_has_no_id_is_left_alone() -> None:
    thing = ["x"]
    assert known(thing) is thing
