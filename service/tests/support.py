"""What the tests and their fixtures both name."""

import os
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SERVICE = Path(__file__).parents[1]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
EPOCH = 1_700_000_000


@dataclass(frozen=True)
class Server:
    """A serving process, where it listens, and the files it writes to."""

    process: subprocess.Popen[bytes]
    port: int
    output: Path
    errors: Path


def train_arguments(data: Path, output: Path) -> list[str]:
    """Give the arguments of a training as the pipeline gives them."""
    schema = str(SERVICE / "schema.json")
    arguments = ["--data", str(data), "--schema", schema, "--output", str(output)]
    return [*arguments, "--commit", COMMIT, "--epoch", str(EPOCH)]


def environment(**changes: str) -> dict[str, str]:
    """Give the environment of a process that runs the package from its sources."""
    return {**os.environ, "PYTHONPATH": str(SERVICE / "src"), **changes}


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    """Wait until something holds.

    Raises:
        TimeoutError: when it does not within the given time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} seconds")
        time.sleep(0.05)


def free_port() -> int:
    """Give the number of a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
