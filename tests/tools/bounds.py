"""The bounds of the tests without an engine: how long they take, and how much of the code they reach.

    .venv/bin/python -m tests.tools.bounds

- The tests of the pure folders take less than 5 s, and cover more than 95 % of them.
- All unit tests take less than 20 s, cover more than 90 % of `pipeline`, and run a line of a function of each module.

Seconds are those of the processor, of the tests and of the programs that they start, from the first test on: a machine
that is shared makes nobody's tests slower. They are counted without the measurement of what is covered, which takes
longer than the tests themselves; and after it, when hypothesis has made its tables of Unicode, which it does once in a
checkout and which takes over a second.

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
from collections.abc import Mapping, Sequence
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
    """Counts seconds of processor from the first test to the end of the last one."""

    def __init__(self) -> None:
        self.began = self.ended = 0.0

    def pytest_collection_finish(self) -> None:
        """Everything is imported."""
        self.began = _processor()

    def pytest_sessionfinish(self) -> None:
        """Everything has run."""
        self.ended = _processor()


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


def run_once(seconds: float, *tests: str) -> int:
    """The tests in this process: 0, or SLOW, or 1 where one fails."""
    clock = Clock()
    before = yardstick()
    failed = pytest.main([*_arguments(tests), "--no-header"], plugins=[clock])
    slower = max(1.0, (before + yardstick()) / 2 / YARDSTICK)
    took = (clock.ended - clock.began) / slower
    print(
        f"{' '.join(tests)}: {took:.1f} s of {seconds:g} s, on a machine {slower:.2f} times slower",
        flush=True,
    )
    return 1 if failed else SLOW if took > seconds else 0


def _arguments(tests: Sequence[str]) -> list[str]:
    return ["-q", "-p", "no:cacheprovider", "-m", "not engine and not browser", *tests]


def in_time(bound: Bound) -> bool:
    """Whether one of a few runs keeps the seconds."""
    command = [sys.executable, "-m", "tests.tools.bounds", str(bound.seconds), *bound.tests]
    for _ in range(RUNS):
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        if code != SLOW:
            return code == 0
    print(f"more than {bound.seconds:g} s, {RUNS} times of {RUNS}", file=sys.stderr)
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
    """All bounds; with arguments, seconds and tests, one run of those. Not 0 where a bound is not kept."""
    if arguments:
        return run_once(float(arguments[0]), *arguments[1:])
    code = 0
    for bound in bounds():
        found = problems(bound)
        print("\n".join(found), file=sys.stderr, end="\n" if found else "")
        if found or not in_time(bound):
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
