"""Real engines: the one that everybody uses, and beside it a second one that is treated badly."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import recipes
from engine.disk import PARTS
from tests.support.machines import PYTHON, ROOT, SEEDS, Machine, beside, usual

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def first() -> Machine:
    return usual()


@pytest.fixture(scope="module")
def second(first: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with beside(first, tmp_path_factory.mktemp("second")) as other:
        yield other


def _host_rules() -> str:
    return subprocess.run(["iptables-save"], capture_output=True, text=True, check=True).stdout


def _processes_of(home: Path) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
        if str(home) in line:
            found.append(line)
    return found


def test_warm_up_changes_nothing_and_takes_under_3_seconds(first: Machine) -> None:
    before = first.pid()
    begun = time.monotonic()
    result = first.engine("up")
    assert time.monotonic() - begun < 3
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert first.pid() == before


def test_another_python_does_not_replace_the_engine(first: Machine, tmp_path: Path) -> None:
    before = first.pid()
    other = tmp_path / "python3"
    other.symlink_to(sys.executable)
    command = [str(other), "-m", "engine", "up"]
    subprocess.run(command, cwd=ROOT, env=first.environment, capture_output=True, check=True)
    assert first.pid() == before


def test_status_says_what_is_there(first: Machine) -> None:
    found = first.status()
    assert found["ready"] is True
    assert found["engine"] == first.pid()
    parts, images = found["parts"], found["images"]
    assert isinstance(parts, dict)
    assert isinstance(images, dict)
    assert set(parts) == set(PARTS)
    assert all(parts[name] > 1_000_000 for name in SEEDS if name in PARTS)
    assert images[PYTHON].startswith("sha256:")


def test_doctor_finds_nothing_missing(first: Machine) -> None:
    assert "missing" not in first.engine("doctor").stdout


def test_two_engines_run_side_by_side(first: Machine, second: Machine) -> None:
    assert first.pid() != second.pid()
    assert first.run("echo", "one") == "one\n"
    assert second.run("echo", "two") == "two\n"


def test_containers_reach_the_package_index(second: Machine) -> None:
    said = second.run("python", "-m", "pip", "download", "--no-deps", "-d", "/tmp/x", "six==1.16.0")
    assert "Successfully downloaded six" in said


def test_two_ups_at_once_start_one_engine(second: Machine) -> None:
    second.engine("down")
    both = [
        subprocess.Popen(
            second.command("up"), cwd=ROOT, env=second.environment, stderr=subprocess.DEVNULL
        )
        for _ in range(2)
    ]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    engines = [line for line in _processes_of(second.own.home) if "dagger-engine" in line]
    assert len(engines) == 1, engines


def test_killed_engine_comes_back(second: Machine) -> None:
    pid = second.pid()
    second.killed()
    second.engine("up")
    assert second.pid() != pid
    assert second.run("echo", "again") == "again\n"


def test_killed_up_goes_on_to_the_same_images(second: Machine) -> None:
    # What only tests use is made by `up --tests`.
    own = recipes.load().without_tests()
    known = second.status()["images"]
    assert isinstance(known, dict)
    before = {name: known[name] for name in (*own.images, *own.builtins)}
    for stamp in second.own.stamps.glob("*.json"):
        if not stamp.name.startswith("builtin"):
            stamp.unlink()
    for patience in (0.6, 1.2):
        half = subprocess.Popen(
            second.command("up"), cwd=ROOT, env=second.environment, stderr=subprocess.DEVNULL
        )
        time.sleep(patience)
        half.kill()
        assert half.wait() == -9
    second.engine("up")
    assert second.status()["images"] == before, "a digest depends on the recipe and its inputs only"
    left = [
        path for path in second.own.home.rglob("*.partial") if second.own.state not in path.parents
    ]
    assert left == []


def test_purge_leaves_nothing_and_the_other_engine_alone(first: Machine, second: Machine) -> None:
    assert second.own.network in _host_rules()
    second.engine("down", "--purge")
    assert not second.own.home.exists()
    assert second.own.network not in _host_rules()
    assert not Path(f"/sys/class/net/{second.own.network}0").exists()
    assert _processes_of(second.own.home) == []
    assert first.run("echo", "still here") == "still here\n"
