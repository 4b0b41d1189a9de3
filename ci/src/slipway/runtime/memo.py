"""What an object makes is made once: asked for it again, it answers with the very same thing.

The client writes the whole chain of a container into each request, and asks for the id of a folder, volume or service
again for each container that gets it. A release asked 180 times, and waited for the answers.
"""

from collections.abc import Awaitable, Callable, Hashable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import anyio
import dagger
from dagger.client.base import Scalar, Type

_Owner = TypeVar("_Owner")
_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")


def memoize(
    make: Callable[Concatenate[_Owner, _Given], _Made],
) -> Callable[Concatenate[_Owner, _Given], _Made]:
    """A method whose answer its object keeps, for each set of arguments that it was asked with."""

    @wraps(make)
    def answer(owner: _Owner, /, *given: _Given.args, **named: _Given.kwargs) -> _Made:
        kept: dict[Hashable, _Made] = vars(owner).setdefault("_memo", {})
        asked = (make.__name__, given, tuple(sorted(named.items())))
        if asked not in kept:
            kept[asked] = known(make(owner, *given, **named))
        return kept[asked]

    return answer


def memoize_read(
    read: Callable[[dagger.Directory], Awaitable[_Made]],
) -> Callable[[dagger.Directory], Awaitable[_Made]]:
    """A function that reads of a folder, which does not change: its answer is kept with the folder."""

    @wraps(read)
    async def answer(folder: dagger.Directory) -> _Made:
        kept = getattr(folder, "__dict__", {})
        if read.__name__ not in kept:
            kept[read.__name__] = await read(folder)
        made: _Made = kept[read.__name__]
        return made

    return answer


def known(thing: _Made) -> _Made:
    """The same thing; where it is one of the engine's, its id is asked for once, by however many stages at a time.

    A client whose objects take no notes (with slots for everything) is asked each time, as it would be without this.
    """
    ask: Callable[[], Callable[[], object]] | None = getattr(thing, "id", None)
    if not isinstance(thing, Type) or ask is None or not hasattr(thing, "__dict__"):
        return thing
    kept: list[Scalar] = []
    alone = anyio.Lock()

    async def remembered() -> Scalar:
        async with alone:
            if not kept:
                kept.append(await ask())  # type: ignore[misc]  # Type has no id; all that we get have one
        return kept[0]

    thing.id = remembered  # type: ignore[attr-defined]
    return thing
