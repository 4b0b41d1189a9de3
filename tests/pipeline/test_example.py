"""The smallest project, as README shows it, through the pipeline of this repository."""

from __future__ import annotations

import json
import shutil

import pytest

from ..support.project import ROOT, UNWANTED, Project

pytestmark = [pytest.mark.engine]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the example in a folder and a Git repository of its own."""
    folder = tmp_path_factory.mktemp("example") / "iris"
    shutil.copytree(ROOT / "examples/minimal", folder, ignore=shutil.ignore_patterns(*UNWANTED))
    project = Project(folder)
    project.git("init", "--quiet", "--initial-branch=main")
    project.commit()
    return project


def test_its_own_checks_pass(example: Project) -> None:
    done = example.call("check")
    assert done.returncode == 0, done.stderr[-3000:]
    verdicts = {row[0]: row[1] for row in map(str.split, done.stdout.splitlines()) if len(row) > 1}
    gates = ("lint", "types", "unit-tests", "sast", "secrets", "iac", "data")
    assert {gate: verdicts.get(gate) for gate in gates} == dict.fromkeys(gates, "passed")


def test_it_trains_a_model(example: Project) -> None:
    done = example.call("build", "model", "metrics")
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout)["metrics"]["accuracy"] >= 0.9


def test_its_image_answers_as_its_model_does(example: Project) -> None:
    done = example.call("smoke-test")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "30 held-out rows answered as the model does" in done.stdout


def test_its_stack_plans(example: Project) -> None:
    done = example.call("plan", "show")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "terraform_data.service will be created" in done.stdout
