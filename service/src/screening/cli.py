"""What all commands share: how errors become sentences and exit codes, how files are written."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from screening.errors import ScreeningError


def run(command: Callable[[], None]) -> int:
    """Run a command; say what went wrong on standard error, and give the exit code."""
    try:
        command()
    except ScreeningError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return error.exit_code
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        print(f"{name}{error.strerror or error}.", file=sys.stderr)
        return 1
    return 0


def progress(message: str) -> None:
    """Tell a person what is being done: on standard error, where no script reads results."""
    print(message, file=sys.stderr)


def write(path: Path, content: bytes) -> None:
    """Write a whole file or none: under another name first, so that nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def to_json(value: object) -> bytes:
    """Give the one JSON text of a value: sorted keys, a last newline; NaN is refused."""
    return (json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n").encode()
