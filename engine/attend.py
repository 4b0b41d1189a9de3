"""Runs a client beside the engine, and ends it if the engine ends first.

A `dagger` client whose engine was killed waits for ever for the end of the engine's log
(``engine/client.(*Client).Close``, 0.19.10). A person, and a CI job, would wait with it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence

from engine.errors import EngineError
from engine.process import Daemon

PERIOD = 0.5
"""Seconds between two looks at the engine."""
PATIENCE = 10.0
"""Seconds that a client gets to end by itself once its engine is gone, and again when it was asked to."""


def attend(command: Sequence[str], variables: Mapping[str, str], engine: Daemon | None) -> int:
    """Run the command with these variables; give its exit code.

    Raises EngineError if it cannot be started, or if the engine ended before it did.
    """
    try:
        client = subprocess.Popen(list(command), env={**os.environ, **variables})
    except OSError as error:
        raise EngineError(f"{command[0]} could not be started: {error.strerror}.") from error
    while (code := _wait(client, PERIOD)) is None:
        if engine is not None and engine.running() is None:
            _let_go(client)
            raise EngineError(
                f"The engine ended while `{' '.join(command[:3])}` was running: killed, or out of memory? "
                f"The stages that had ended are kept; run the same command again. Its log: {engine.log}"
            )
    # As a shell gives it: 128 and the number of the signal that ended it.
    return code if code >= 0 else 128 - code


def _let_go(client: subprocess.Popen[bytes]) -> None:
    if _wait(client, PATIENCE) is None:
        client.terminate()
    if _wait(client, PATIENCE) is None:
        client.kill()
        client.wait()


def _wait(client: subprocess.Popen[bytes], seconds: float) -> int | None:
    """Give its exit code if it ends in time. Ctrl-C reaches the client too, which ends by itself."""
    try:
        return client.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    except KeyboardInterrupt:
        return None
