"""Each case changes what it says, every time it is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import cases
from benchmarks.cases import CASES, start

from ...support.project import Project

DATA = "a,b\n1.5,2\n2.5,3\n3.5,4\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setattr(cases, "_digest", lambda version, _folder: version.replace(".", "") * 16)
    return start(tmp_path / "project", DATA)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("one line of the service", "service/src/screening/app.py"),
        ("one row of data", "data.csv"),
        ("one dependency", "service/requirements-dev.lock service/requirements.lock"),
        ("one Terraform line", "terraform/stacks/local/outputs.tf"),
    ],
)
def test_a_case_changes_what_it_says_each_time(name: str, path: str, project: Project) -> None:
    for number in range(2):
        CASES[name](project, number)
        changed = project.git("status", "--porcelain").replace("M ", "").split()
        assert changed == path.split()
        project.commit()


@pytest.mark.parametrize("name", ["cold", "nothing changed"])
def test_a_case_without_a_change(name: str, project: Project) -> None:
    CASES[name](project, 0)
    assert project.git("status", "--porcelain") == ""


def test_one_value_of_one_row(project: Project) -> None:
    cases.data(project, 1)
    assert (project.folder / "data.csv").read_text() == "a,b\n1.5,2\n2.51,3\n3.5,4\n"


def test_one_locked_package(project: Project) -> None:
    path = project.folder / "service" / "requirements.lock"
    before = [line for line in path.read_text().splitlines() if "==" in line]
    cases.dependency(project, 0)
    after = [line for line in path.read_text().splitlines() if "==" in line]
    changed = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    assert [old.partition("==")[0] for old, _ in changed] == ["click"]
