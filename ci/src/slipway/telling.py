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

from .errors import SlipwayError, StageFailed, flatten, one


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
def telling() -> Iterator[None]:
    """Turn Slipway's errors, also several at once out of a task group, into one UserError."""
    try:
        yield
    except (SlipwayError, ExceptionGroup) as error:
        leaves = flatten(error)
        if all(isinstance(leaf, SlipwayError) for leaf in leaves):
            failure = one(leaves)
            raise user_error(str(failure), failure.code) from None
        raise next(leaf for leaf in leaves if not isinstance(leaf, SlipwayError)) from None
    except dagger.ExecError as error:
        raise user_error(_command_failed(error), StageFailed.code) from None


def _command_failed(error: dagger.ExecError) -> str:
    """The command, its exit code, and the end of its output."""
    lines = (error.stderr or error.stdout).strip().splitlines()[-10:]
    message = f"{' '.join(error.command)[:200]} ended with exit code {error.exit_code}"
    return "\n  ".join([f"{message}:", *lines])
