"""Take one refusal after the other out of a copy of the product, and see the row's test fail.

    .venv/bin/python -m tests.tools.mutations [ROW | MARKER …]
    .venv/bin/python -m tests.tools.mutations --table

A test that still passes proves nothing. Needs an engine; all of it takes a quarter of an hour. Ends with 1 where a
test did not notice. `--table` prints the table of docs/attacks.md, which a quick test compares with the list in
`refusals` and with the markers in the product.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .refusals import REFUSALS, ROOT, SOURCE, Place, Refusal, place_of, table, without

PARTS = (
    *("ci", "tests", "service", "terraform", "engine", "docs"),
    *("pyproject.toml", "dagger.json", "slipway.yaml", "policy.yaml"),
)


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of the product and its tests, for as long as needed."""
    with tempfile.TemporaryDirectory(prefix="slipway-mutations-") as name:
        folder = Path(name)
        unwanted = shutil.ignore_patterns("__pycache__", ".*_cache", ".venv", "sdk")
        for part in PARTS:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, folder / part, ignore=unwanted)
            else:
                shutil.copyfile(ROOT / part, folder / part)
        yield folder


@contextmanager
def mutated(folder: Path, refusal: Refusal, place: Place) -> Iterator[None]:
    """The copy without one of its refusals."""
    path = folder / SOURCE / place.file
    text = path.read_text(encoding="utf-8")
    path.write_text(without(refusal, text, place.line), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(text, encoding="utf-8")


def noticed(folder: Path, test: str) -> tuple[bool, str]:
    """Whether the test failed (and did not just break off), and the first line of its report."""
    options = ("-x", "-q", "--tb=line", "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, test],
        cwd=folder, env=os.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    # A test that broke off before it asked (an engine that is not there) has noticed nothing.
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    return bool(failed), (failed or done.stdout.splitlines()[-1:] or [""])[0][:200]


def without_one(folder: Path, refusal: Refusal) -> bool:
    """Run the test without its refusal; whether it failed."""
    began = time.monotonic()
    place = place_of(refusal, folder)
    code = place.code(folder)[:60]
    with mutated(folder, refusal, place):
        seen, report = noticed(folder, refusal.test)
    took = f"{time.monotonic() - began:3.0f} s"
    result = "noticed" if seen else "MISSED"
    print(
        f"{refusal.marker:3} {result} {took}  {place.file}: {code}  {report}",
        flush=True,
    )
    return seen


def main(arguments: Sequence[str]) -> int:
    """Every refusal, or those of some rows; or the table of them."""
    if arguments == ["--table"]:
        print("\n".join(table()))
        return 0
    chosen = [
        each for each in REFUSALS if not arguments or {each.row, each.marker} & set(arguments)
    ]
    with copied() as folder:
        outcomes = [without_one(folder, each) for each in chosen]
    return 0 if outcomes and all(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
