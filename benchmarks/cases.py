"""What changes from one release to the next. Each case is a commit on top of the one before."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.support.project import Project

DEPENDENCY, VERSIONS = "click", ("8.2.1", "8.3.0", "8.1.8")


def start(folder: Path, data: str) -> Project:
    """The reference project with its data set as a file."""
    project = Project.reference(folder)
    project.write("data.csv", data)
    project.write(".gitignore", "out/\n.terraform/\n")
    project.edit("slipway.yaml", "model:\n", "model:\n  data: data.csv\n").commit()
    return project


def unchanged(_: Project, number: int) -> None:
    """Nothing."""
    del number


def service(project: Project, number: int) -> None:
    """One line of the service that training does not read."""
    path = "service/src/screening/app.py"
    text = (project.folder / path).read_text(encoding="utf-8")
    project.write(path, f"{text}\nCHANGED = {number}\n")


def data(project: Project, number: int) -> None:
    """One value of one row."""
    lines = (project.folder / "data.csv").read_text(encoding="utf-8").splitlines()
    first, _, rest = lines[1 + number].partition(",")
    lines[1 + number] = f"{float(first) + 0.01:.4g},{rest}"
    project.write("data.csv", "\n".join(lines) + "\n")


def dependency(project: Project, number: int) -> None:
    """Another version of one locked package, in the lock of the service and in that of its tests."""
    version = ""
    for path in ("service/requirements.lock", "service/requirements-dev.lock"):
        text = (project.folder / path).read_text(encoding="utf-8")
        pattern = rf"^{DEPENDENCY}==(\S+) .*?(?=^\S)"
        found = re.search(pattern, text, re.MULTILINE | re.DOTALL)
        assert found, f"{DEPENDENCY} is not in {path}"
        version = version or [each for each in VERSIONS if each != found[1]][number % 2]
        digest = _digest(version, project.folder.parent)
        line = f"{DEPENDENCY}=={version} \\\n    --hash=sha256:{digest}\n"
        project.write(path, text.replace(found[0], line))


def terraform(project: Project, number: int) -> None:
    """One line of the infrastructure."""
    path = "terraform/stacks/local/outputs.tf"
    text = (project.folder / path).read_text(encoding="utf-8")
    project.write(path, f"{text}\n# changed {number}\n")


def _digest(version: str, folder: Path) -> str:
    """The digest of the package's wheel, as the index serves it."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    target = folder / f"{DEPENDENCY}-{version}"
    download = [
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
        f"{DEPENDENCY}=={version}",
    ]
    if not target.exists():
        subprocess.run([*pip, *download, "--dest", str(target)], check=True)
    (wheel,) = target.iterdir()
    said = subprocess.run([*pip, "hash", str(wheel)], capture_output=True, text=True, check=True)
    return said.stdout.strip().rpartition(":")[2]


CASES: dict[str, Callable[[Project, int], None]] = {
    "cold": unchanged,
    "nothing changed": unchanged,
    "one line of the service": service,
    "one row of data": data,
    "one dependency": dependency,
    "one Terraform line": terraform,
}
