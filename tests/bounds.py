"""The bounds of the domain: its tests take less than 5 s, and cover more than 95 % of it.

    python -m tests.bounds

Seconds are those of the processor, from the first test on: a machine that is shared makes nobody's tests slower. They
are counted without the measurement of what is covered, which takes longer than the tests themselves; and after it, when
hypothesis has made its tables of Unicode, which it does once in a checkout and which takes over a second.
"""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

TESTS = "tests/unit/domain"
SECONDS = 5.0
PERCENT = 95


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


def main() -> int:
    """Both bounds; 1 where one is not kept."""
    options = (
        "--cov=slipway.domain",
        "--cov-report=term:skip-covered",
        f"--cov-fail-under={PERCENT}",
    )
    covered = subprocess.run([sys.executable, "-m", "pytest", "-q", TESTS, *options], check=False)
    clock = Clock()
    failed = pytest.main(["-q", "--no-header", TESTS], plugins=[clock])
    took = clock.ended - clock.began
    print(f"{TESTS}: {took:.1f} s of {SECONDS:g} s", flush=True)
    return 1 if covered.returncode or failed or took > SECONDS else 0


if __name__ == "__main__":
    sys.exit(main())
