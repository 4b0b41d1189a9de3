"""The bounds of the tests without an engine: how long they take, and how much of the code they reach.

    .venv/bin/python -m tests.tools.bounds

- The tests of the pure folders take less than 5 s, and cover more than 95 % of them.
- All unit tests take less than 20 s, cover more than 90 % of `pipeline`, and run a line of a function of each module.

Seconds are those of the processor, of the tests and of the programs that they start: a machine that is shared makes
nobody's tests slower. One run of all tests counts them for both bounds, without the measurement of what is covered,
which takes longer than the tests themselves; and after it, when hypothesis has made its tables of Unicode, which it
does once in a checkout and which takes over a second.

Neighbours take of a processor's caches and clock, too: the same tests took 3.2 s and, ten minutes later, 6.0 s. So the
least of a few runs counts, as it does for `timeit` (docs.python.org/3/library/timeit.html, "repeat"), and the first
that keeps the bound ends it. A fixed piece of work is timed before and after each run: what it takes longer than on the
machine for which the bounds were set is the machine's, and the seconds of the tests are divided by it. A machine that
is faster gets no discount.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CODE = ROOT / "ci" / "src" / "slipway"
UNIT = "tests/unit"
PURE = ("report", "policy", "attestations", "config", "verdicts", "oci", "formats")
RUNS = 4
# What `yardstick` takes on the machine for which the bounds were set (2 cores, nobody else on it).
YARDSTICK = 0.15
ONE_RUN = "--one-run"
SLOW = 3  # the exit code of a run that passed and took too long


@dataclass(frozen=True)
class Bound:
    """What tests have to keep: seconds of processor, and percent of the lines of folders of the code."""

    tests: tuple[str, ...]
    seconds: float
    covered: Mapping[tuple[str, ...], float]
    every_module: bool = False


def bounds() -> tuple[Bound, ...]:
    """Those of the pure folders, and those of all unit tests."""
    pure = [f"{UNIT}/{name}" for name in PURE if (ROOT / UNIT / name).is_dir()]
    return (
        Bound(tests=tuple(pure), seconds=5, covered={PURE: 95}),
        Bound(tests=(UNIT,), seconds=20, covered={("pipeline",): 90}, every_module=True),
    )


class Clock:
    """Counts seconds of processor: of all tests, and of those in each folder of the unit tests."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """One test, with its fixtures."""
        began = _processor()
        try:
            return (yield)
        finally:
            folder, _, _ = item.path.relative_to(ROOT / UNIT).as_posix().partition("/")
            self.seconds[folder] += _processor() - began

    def of(self, tests: Sequence[str]) -> float:
        """The seconds of these tests."""
        if UNIT in tests:
            return sum(self.seconds.values())
        return sum(self.seconds[Path(each).name] for each in tests)


def _processor() -> float:
    """Seconds of this process and of its children that have ended (getrusage)."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def yardstick() -> float:
    """Seconds of processor of a fixed piece of work that does what tests do: parsing, hashing, small objects."""
    source = Path(__file__).read_text(encoding="utf-8")
    began = _processor()
    for _ in range(25):
        names = [getattr(node, "name", "") for node in ast.walk(ast.parse(source))]
        record = {f"{number}": [name, number] for number, name in enumerate(names)}
        hashlib.sha256(json.dumps(json.loads(json.dumps(record)), sort_keys=True).encode()).digest()
    return _processor() - began


def run_once() -> int:
    """All unit tests in this process: 0, or SLOW where a bound is not kept, or 1 where a test fails."""
    clock = Clock()
    before = yardstick()
    failed = pytest.main([*_arguments([UNIT]), "--no-header"], plugins=[clock])
    slower = max(1.0, (before + yardstick()) / 2 / YARDSTICK)
    slow = False
    for bound in bounds():
        took = clock.of(bound.tests) / slower
        slow |= took > bound.seconds
        print(
            f"{' '.join(bound.tests)}: {took:.1f} s of {bound.seconds:g} s, "
            f"on a machine {slower:.2f} times slower",
            flush=True,
        )
    return 1 if failed else SLOW if slow else 0


def _arguments(tests: Sequence[str]) -> list[str]:
    return ["-q", "-p", "no:cacheprovider", "-m", "not engine and not browser", *tests]


def in_time() -> bool:
    """Whether one of a few runs keeps the seconds of all bounds."""
    command = [sys.executable, "-m", "tests.tools.bounds", ONE_RUN]
    for _ in range(RUNS):
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        if code != SLOW:
            return code == 0
    print(f"a bound is not kept, {RUNS} times of {RUNS}", file=sys.stderr)
    return False


def measured(tests: Sequence[str]) -> Mapping[str, Any] | None:
    """What coverage says of each file of the code, by its path in the package; None where a test fails."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        options = ["--cov=slipway", f"--cov-report=json:{report}"]
        command = [sys.executable, "-m", "pytest", *_arguments(tests), *options]
        environment = os.environ | {"COVERAGE_FILE": str(Path(folder) / "data")}
        if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
            return None
        files: Mapping[str, Any] = json.loads(report.read_text("utf-8"))["files"]
    return {(ROOT / path).relative_to(CODE).as_posix(): each for path, each in files.items()}


def percent(files: Mapping[str, Any], folders: Sequence[str]) -> float:
    """How much of the lines of folders is covered."""
    summaries = [
        each["summary"] for path, each in files.items() if path.partition("/")[0] in folders
    ]
    lines = sum(each["num_statements"] for each in summaries)
    return 100 * sum(each["covered_lines"] for each in summaries) / lines if lines else 0.0


def unreached(files: Mapping[str, Any]) -> list[str]:
    """The modules of which no test runs a line of a function, or that none imports."""
    found = []
    for module in sorted(CODE.rglob("*.py")):
        path = module.relative_to(CODE).as_posix()
        functions = {
            name: each for name, each in files.get(path, {}).get("functions", {}).items() if name
        }
        ran = any(each["executed_lines"] for each in functions.values())
        if path not in files or (functions and not ran):
            found.append(path)
    return found


def problems(bound: Bound) -> list[str]:
    """What of a bound the measured code does not keep."""
    files = measured(bound.tests)
    if files is None:
        return [f"{' '.join(bound.tests)}: a test fails"]
    found = []
    for folders, least in bound.covered.items():
        covered = percent(files, folders)
        print(f"{' '.join(folders)}: {covered:.1f} % covered, {least:g} % needed", flush=True)
        if covered < least:
            found.append(f"{' '.join(folders)}: {covered:.1f} % covered, less than {least:g} %")
    if bound.every_module:
        found += [f"{path}: no unit test runs a line of it" for path in unreached(files)]
    return found


def main(arguments: Sequence[str]) -> int:
    """All bounds, or one run against the clock. Not 0 where a bound is not kept."""
    if list(arguments) == [ONE_RUN]:
        return run_once()
    # What is covered is measured side by side: only seconds need the machine to themselves.
    with ThreadPoolExecutor() as pool:
        found = [text for each in pool.map(problems, bounds()) for text in each]
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    return 1 if found or not in_time() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
