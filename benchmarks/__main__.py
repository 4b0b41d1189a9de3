"""``make bench``: release the same commits with Slipway and with the script, in turns, and write RESULTS.md."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.cases import CASES, start
from benchmarks.measure import machine
from benchmarks.page import page
from benchmarks.peer import Peer, peer
from benchmarks.results import Case, Figures
from benchmarks.slipway import Slipway, slipway
from engine.paths import settings
from tests.support.project import Project

RESULTS = Path(__file__).parent / "RESULTS.md"


def main() -> int:
    """Run the cases that were asked for; 0 if the page was written, whatever the goals say."""
    options = _options()
    with _scratch(options.keep) as folder, ExitStack() as stack:
        project = start(folder / "project", _data(folder))
        script = stack.enter_context(peer(_new(folder, "peer"), settings(), options.advisories))
        ours = stack.enter_context(slipway(_new(folder, "slipway"), options.advisories))
        sides: dict[str, Peer | Slipway] = {"peer": script, "slipway": ours}
        cases = [
            _case(name, project, sides, options.repeat) for name in CASES if name in options.cases
        ]
        text = page(
            cases, machine=machine(), loaded=ours.loaded, advisories=bool(options.advisories)
        )
    if len(cases) == len(CASES):
        RESULTS.write_text(text, encoding="utf-8")
    print(text)
    return 0


def _case(name: str, project: Project, sides: dict[str, Peer | Slipway], repeat: int) -> Case:
    """Run one case; the side that begins changes from run to run."""
    runs: dict[str, list[Figures]] = {side: [] for side in sides}
    # Caches can be empty once only.
    for number in range(1 if name == "cold" else repeat):
        before = project.git("rev-parse", "HEAD")
        CASES[name](project, number)
        if project.git("status", "--porcelain"):
            project.commit()
        assert (project.git("rev-parse", "HEAD") != before) is (
            name not in ("cold", "nothing changed")
        )
        for side in list(sides) if number % 2 == 0 else list(sides)[::-1]:
            figures = sides[side].run(project.folder)
            runs[side].append(figures)
            print(
                f"{name:24} {side:8} {figures.wall:7.1f} s, {figures.cpu:6.1f} s CPU",
                file=sys.stderr,
                flush=True,
            )
    return Case(name=name, peer=runs["peer"], slipway=runs["slipway"])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--cases", nargs="*", default=list(CASES), choices=list(CASES), metavar="CASE"
    )
    parser.add_argument(
        "--repeat", type=int, default=3, help="runs of each warm case; the median counts"
    )
    parser.add_argument("--advisories", default="", help="a local OSV database, for both sides")
    parser.add_argument(
        "--keep", action="store_true", help="keep the scratch folder, to look at the logs"
    )
    options = parser.parse_args()
    options.advisories = str(Path(options.advisories).absolute()) if options.advisories else ""
    return options


@contextmanager
def _scratch(keep: bool) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="slipway-bench-"))
    try:
        yield folder
    except BaseException:
        keep = True
        raise
    finally:
        if keep:
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _new(folder: Path, name: str) -> Path:
    target = folder / name
    target.mkdir()
    return target


def _data(folder: Path) -> str:
    """The reference data set as CSV, written by the service's own program in an environment of its own."""
    print("preparing: the data set", file=sys.stderr, flush=True)
    service = Path(__file__).parents[1] / "service"
    venv = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    python = str(venv / "bin" / "python")
    install = ["-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "--no-cache-dir"]
    subprocess.run([python, *install, "-r", str(service / "requirements.lock")], check=True)
    output = folder / "data.csv"
    command = [python, "-m", "screening.dataset", "--output", str(output)]
    subprocess.run(command, env={"PYTHONPATH": str(service / "src")}, stdout=sys.stderr, check=True)
    return output.read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
