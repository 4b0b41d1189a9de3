"""The bounds of the domain: its tests take less than 5 s, and cover more than 95 % of it.

    python -m tests.tools.bounds

Seconds are those of the processor, from the first test on: a machine that is shared makes nobody's tests slower. They
are counted without the measurement of what is covered, which takes longer than the tests themselves; and after it, when
hypothesis has made its tables of Unicode, which it does once in a checkout and which takes over a second.

Neighbours take of a processor's caches and clock, too: the same tests took 3.2 s and, ten minutes later, 6.0 s. So the
least of a few runs counts, as it does for `timeit` (docs.python.org/3/library/timeit.html, "repeat"): what is above it
is the machine. The first that keeps the bound ends it.
"""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

TESTS = "tests/unit/domain"
SECONDS = 5.0
PERCENT = 95
RUNS = 4
SLOW = 3  # the exit code of a run that passed and took too long


class Clock:
    """Counts from the first test to the end of the last one."""

    def __init__(self) -> None:
        self.began = self.ended = 0.0

    def pytest_collection_finish(self) -> None:
        """Everything is imported."""
        self.began = time.process_time()

    def pytest_sessionfinish(self) -> None:
        """Everything has run."""
        self.ended = time.process_time()


def run_once() -> int:
    """The tests in this process: 0, or SLOW, or 1 where one fails."""
    clock = Clock()
    failed = pytest.main(["-q", "--no-header", TESTS], plugins=[clock])
    took = clock.ended - clock.began
    print(f"{TESTS}: {took:.1f} s of {SECONDS:g} s", flush=True)
    return 1 if failed else SLOW if took > SECONDS else 0


def main() -> int:
    """Both bounds; not 0 where one is not kept."""
    options = (
        "--cov=slipway.domain",
        "--cov-report=term:skip-covered",
        f"--cov-fail-under={PERCENT}",
    )
    covered = subprocess.run([sys.executable, "-m", "pytest", "-q", TESTS, *options], check=False)
    if covered.returncode:
        return covered.returncode
    code = SLOW
    for _ in range(RUNS):
        command = [
            sys.executable,
            "-c",
            "import sys, tests.tools.bounds; sys.exit(tests.tools.bounds.run_once())",
        ]
        code = subprocess.run(command, check=False).returncode
        if code != SLOW:
            return code
    print(f"{TESTS} takes longer than {SECONDS:g} s, {RUNS} times of {RUNS}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
