"""What a person reads when a function fails: sentences, not a stack trace.

Dagger's SDK prints the stack of every exception but its own FunctionError; ours say what happened, where, and what to
do, so they are turned into that one. What we did not foresee keeps its stack: that is a bug, and its report needs it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagger
from dagger.mod._exceptions import FunctionError

from ..errors import SlipwayError, flatten, one


@contextmanager
def telling() -> Iterator[None]:
    """Turn errors of ours, also several at once out of a task group, into one message."""
    try:
        yield
    except (SlipwayError, ExceptionGroup) as error:
        leaves = flatten(error)
        if all(isinstance(leaf, SlipwayError) for leaf in leaves):
            raise FunctionError(str(one(leaves))) from None
        raise next(leaf for leaf in leaves if not isinstance(leaf, SlipwayError)) from None
    except dagger.QueryError as error:
        if isinstance(error, dagger.ExecError):
            lines = (error.stderr or error.stdout).strip().splitlines()[-10:]
            command = " ".join(error.command)
            message = f"{command[:200]} ended with exit code {error.exit_code}"
            raise FunctionError("\n  ".join([f"{message}:", *lines])) from None
        raise
