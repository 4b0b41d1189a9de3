"""What a person sees while they wait: each step and how long it took, on standard error."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

PULSE = 15.0
"""Seconds between signs of life."""

_lock = threading.Lock()
_started = time.monotonic()


def say(text: str) -> None:
    """Print one line on standard error, whole even when several threads speak."""
    with _lock:
        print(text, file=sys.stderr, flush=True)


def clock(seconds: float) -> str:
    """Give a duration as people say it: ``8 s`` or ``3 min 10 s``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def elapsed() -> float:
    """Seconds since this command began."""
    return time.monotonic() - _started


def line(text: str) -> None:
    """Print a line of progress under the time since the command began."""
    say(f"[{clock(elapsed()):>12}] {text}")


@contextmanager
def pulse(what: str) -> Iterator[None]:
    """Say every now and then that something long still goes on, and for how long it has."""
    begun = time.monotonic()
    done = threading.Event()

    def beat() -> None:
        while not done.wait(PULSE):
            line(f"{what}, {clock(time.monotonic() - begun)} so far")

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say when a step begins, and how long it took once it is done."""
    line(f"{name} …")
    begun = time.monotonic()
    yield
    line(f"{name}: done in {clock(time.monotonic() - begun)}")
