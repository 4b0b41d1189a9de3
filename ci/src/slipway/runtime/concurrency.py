"""Independent work side by side, with its results as values."""

from collections.abc import Awaitable
from typing import Any, Never, TypeVar, cast, overload

import anyio

from ..errors import flatten

_T = TypeVar("_T")
_A = TypeVar("_A")
_B = TypeVar("_B")
_C = TypeVar("_C")
_D = TypeVar("_D")


@overload
async def concurrently() -> tuple[Never, ...]: ...
@overload
async def concurrently(first: Awaitable[_A], second: Awaitable[_B], /) -> tuple[_A, _B]: ...
@overload
async def concurrently(
    first: Awaitable[_A], second: Awaitable[_B], third: Awaitable[_C], /
) -> tuple[_A, _B, _C]: ...
@overload
async def concurrently(
    first: Awaitable[_A], second: Awaitable[_B], third: Awaitable[_C], fourth: Awaitable[_D], /
) -> tuple[_A, _B, _C, _D]: ...
@overload
async def concurrently(*work: Awaitable[_T]) -> tuple[_T, ...]: ...
async def concurrently(*work: Awaitable[Any]) -> tuple[Any, ...]:
    """Await all of `work` at once; returns the results in the order asked.

    Everything runs to its end: a failure does not cancel the others, or a user would mend one thing only to be told of
    the next. Raises an ExceptionGroup of every failure, in the order asked.
    """
    outcomes: list[Any] = [None] * len(work)

    async def run(place: int, awaitable: Awaitable[Any]) -> None:
        try:
            outcomes[place] = await awaitable
        except Exception as error:
            outcomes[place] = _Failure(error)

    async with anyio.create_task_group() as group:
        for place, awaitable in enumerate(work):
            group.start_soon(run, place, awaitable)
    failures = [outcome.error for outcome in outcomes if isinstance(outcome, _Failure)]
    if failures:
        leaves = [leaf for error in failures for leaf in flatten(error)]
        raise ExceptionGroup("several things failed", cast("list[Exception]", leaves))
    return tuple(outcomes)


class _Failure:
    """What stands in the place of a result that there is none of."""

    def __init__(self, error: Exception) -> None:
        self.error = error
