"""Slipway's side: `dagger call release` as the Makefile calls it, on an engine with a state of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slipway.attestations.release import parse_report
from slipway.formats.timings import critical_path

from benchmarks.measure import size, timed
from benchmarks.results import Figures
from tests.support.machines import ROOT, Machine, beside, machine


@dataclass(frozen=True, kw_only=True)
class Slipway:
    """Slipway's side, ready to run."""

    folder: Path
    engine: Machine
    advisories: str
    loaded: float
    """Seconds that the empty engine took to build Dagger's Python SDK and to load the module."""

    def run(self, checkout: Path) -> Figures:
        """A release of what is checked out; its output goes to slipway.log."""
        before = size(*self._registry())
        dist = self.folder / "dist"
        options = ["--advisories", self.advisories] if self.advisories else []
        words = [
            "call",
            "--project-tree=.",
            "--git-dir=.git",
            "release",
            *options,
            "dist",
            "export",
            f"--path={dist}",
        ]
        wall, cpu = timed(lambda: _dagger(self.engine, self.folder, checkout, words))
        record = parse_report((dist / "release.json").read_text(encoding="utf-8"))
        path = critical_path(record.stages)
        return Figures(
            wall=wall,
            cpu=cpu,
            pushed=size(*self._registry()) - before,
            disk=size(self.engine.own.state),
            critical=sum(stage.seconds for stage in record.stages if stage.name in path),
        )

    def _registry(self) -> list[Path]:
        """Where the embedded registry keeps its blobs (distribution's storage layout), on its cache volume."""
        pattern = "*/docker/registry/v2/blobs"
        command = ["find", str(self.engine.own.state), "-type", "d", "-path", pattern, "-prune"]
        listing = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        return [Path(line) for line in listing.splitlines()]


@contextmanager
def slipway(folder: Path, advisories: str) -> Iterator[Slipway]:
    """Slipway's side with an empty engine, on which only the SDK and the module are loaded; purged at the end."""
    with beside(machine({}), folder) as engine:
        loaded, _ = timed(lambda: _dagger(engine, folder, ROOT, ["functions"]))
        yield Slipway(folder=folder, engine=engine, advisories=advisories, loaded=loaded)


def _dagger(engine: Machine, folder: Path, checkout: Path, words: list[str]) -> None:
    command = engine.command("run", "dagger", "--progress=plain", "-m", str(ROOT), *words)
    environment = {
        **engine.environment,
        "PYTHONPATH": str(ROOT),
        "NO_COLOR": "1",
        "DAGGER_NO_NAG": "1",
    }
    with (folder / "slipway.log").open("ab") as log:
        subprocess.run(
            command, cwd=checkout, env=environment, stdout=log, stderr=log, check=True, timeout=1200
        )
