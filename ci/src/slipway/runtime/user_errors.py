"""What a person reads when a function fails: sentences and an exit code, not a stack trace.

The SDK prints the stack of every exception except its own FunctionError. Slipway's errors say what
happened, where, and what to do, so they become a UserError, which is a FunctionError with an exit
code. An error that Slipway did not foresee keeps its stack: it is a bug, and its report needs it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagger
import gql
from dagger._exceptions import QueryErrorValue
from dagger.mod._exceptions import FunctionError

from ..errors import SlipwayError, StageFailed, flatten, one


class UserError(FunctionError, dagger.QueryError):
    """A message for the user, and the exit code of the `dagger call` that fails with it.

    `dagger call` exits with another code than 1 for one kind of error only: a failed exec, which
    the API marks with `_type: EXEC_ERROR` (cmd/dagger/functions.go). The SDK copies the extensions
    of a QueryError into the error that a function returns (dagger/mod/_exceptions.py), and prints
    no stack of a FunctionError (dagger/mod/_module.py). This class is both.
    """

    @property
    def code(self) -> int:
        """The exit code."""
        return int(self.error.extensions["exitCode"])


def user_error(message: str, code: int) -> UserError:
    """The error to raise out of a function of the module."""
    marks = {"_type": "EXEC_ERROR", "exitCode": code, "cmd": [], "stdout": "", "stderr": ""}
    # A QueryError belongs to a request; this one is never sent.
    return UserError([QueryErrorValue(message, extensions=marks)], gql.GraphQLRequest("{ id }"))


@contextmanager
def user_errors() -> Iterator[None]:
    """Turn Slipway's errors, also several at once out of a task group, into one UserError."""
    try:
        yield
    except (SlipwayError, dagger.ExecError, ExceptionGroup) as error:
        raise _for_user([_foreseen(leaf) for leaf in flatten(error)]) from None


def _for_user(leaves: list[BaseException]) -> BaseException:
    """One UserError, or the first error that was not foreseen."""
    for leaf in leaves:
        if not isinstance(leaf, SlipwayError):
            return leaf
    failure = one(leaves)
    return user_error(str(failure), failure.code)


def _foreseen(error: BaseException) -> BaseException:
    """`error`; a failed command, whose own exit code would pass for one of ours, as a failure."""
    if not isinstance(error, dagger.ExecError):
        return error
    lines = (error.stderr or error.stdout).strip().splitlines()[-10:]
    message = f"{' '.join(error.command)[:200]} ended with exit code {error.exit_code}"
    failure = SlipwayError("\n  ".join([f"{message}:", *lines]))
    failure.code = StageFailed.code
    return failure
