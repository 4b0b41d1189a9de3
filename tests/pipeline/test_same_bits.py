"""The same commit on two engines that share nothing: the same model, image and plan; and an engine that is killed.

The second engine is on another day, in another time zone, with another umask, on one processor. Its first release is
killed in the middle of publishing, so that what is compared in the end is also what came out of a second try.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ..support import strange_runtime
from ..support.machines import ROOT, Machine, beside, usual
from ..support.project import Project

pytestmark = pytest.mark.engine
LOOK = """
import datetime, os
print(datetime.datetime.now().isoformat(), os.umask(0), len(os.sched_getaffinity(0)), os.environ.get("TZ"))
"""
# The same plan is the same encrypted plan under the same key, and each engine makes one of its own where none is given.
PLAN_KEY = base64.b64encode(bytes(range(64))).decode()
CLOCK = ROOT / "tests" / "assets" / "elsewhere" / "clock.c"
GET_COMPILER = ["apt-get", "download", "--quiet", "tcc"]


@pytest.fixture(scope="module")
def first() -> Machine:
    return usual()


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clock of another day, compiled by Debian's tiny compiler; nothing is installed."""
    folder = tmp_path_factory.mktemp("clock")
    if shutil.which("apt-get") is None:
        pytest.skip("NOT CHECKED: the same bits on another day need Debian's package tcc")
    if subprocess.run(GET_COMPILER, cwd=folder, capture_output=True, check=False).returncode:
        subprocess.run(["apt-get", "update"], capture_output=True, check=True)
        subprocess.run(GET_COMPILER, cwd=folder, capture_output=True, check=True)
    (package,) = folder.glob("*.deb")
    subprocess.run(["dpkg-deb", "--extract", package, folder], check=True)
    (parts,) = folder.glob("usr/lib/*/tcc")
    library = folder / "clock.so"
    compiler = [str(folder / "usr" / "bin" / "tcc"), "-B", str(parts), "-shared", "-nostdlib"]
    days = f"-DDAYS={strange_runtime.DAYS}"
    subprocess.run([*compiler, days, "-o", str(library), str(CLOCK)], check=True)
    return library


@pytest.fixture(scope="module")
def second(
    first: Machine, clock: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    """An engine elsewhere, with nothing in its cache."""
    folder = tmp_path_factory.mktemp("elsewhere")
    runtime = folder / "runc"
    runtime.write_text(f'#!/bin/sh\nexec {sys.executable} -I {strange_runtime.__file__} "$@"\n')
    runtime.chmod(0o755)
    with beside(
        first, folder, SLIPWAY_ENGINE_RUNC=str(runtime), SLIPWAY_TEST_CLOCK=str(clock)
    ) as other:
        yield other


def moved(project: Project, folder: Path) -> Project:
    """The same commit checked out by somebody else: another place, owner, modes and times."""
    copy = project.copy(folder)
    for path in [copy.folder, *copy.folder.rglob("*")]:
        path.chmod(path.stat().st_mode & 0o700)
        os.chown(path, 1234, 1234)
        os.utime(path, (0, 0))
    return copy


def releasing(machine: Machine, project: Project, target: Path) -> subprocess.Popen[str]:
    """`dagger call release` under way on an engine, what it says on a pipe."""
    client = ["dagger", "--progress=plain", "-m", str(ROOT), "call"]
    client += ["--project-tree=.", "--git-dir=.git", "--plan-key=env://PLAN_KEY"]
    return subprocess.Popen(
        machine.command("run", *client, "release", "dist", "export", f"--path={target}"),
        cwd=project.folder,
        env={
            **machine.environment,
            "NO_COLOR": "1",
            "DAGGER_NO_NAG": "1",
            "PYTHONPATH": str(ROOT),
            "PLAN_KEY": PLAN_KEY,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def released(machine: Machine, project: Project, target: Path) -> dict[str, str]:
    """Release a project; gives the digests of what was made."""
    with releasing(machine, project, target) as client:
        _, said = client.communicate(timeout=400)
    assert client.returncode == 0, said[-3000:]
    record = json.loads((target / "release.json").read_text())
    return {kind: record[kind].partition("@")[2] for kind in ("model", "image", "plan")}


def tags(machine: Machine) -> list[str]:
    """The repositories with a tag for a commit in an engine's embedded registry, as its disk has them.

    By the storage layout of CNCF Distribution: repositories/NAME/_manifests/tags/TAG/current/link.
    """
    command = ["find", str(machine.own.state), "-path", "*/_manifests/tags/*/current/link"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return sorted(re.findall(r"/(\w+)/_manifests/tags/[0-9a-f]{40}/", found))


@pytest.fixture(scope="module")
def named(reference: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The reference project under a name that no release has yet."""
    project = reference.copy(tmp_path_factory.mktemp("named") / "project")
    return project.named(f"bits-{os.urandom(5).hex()}")


def test_the_second_engine_really_is_elsewhere(first: Machine, second: Machine) -> None:
    here, there = (machine.run("python", "-c", LOOK).split() for machine in (first, second))
    shift = datetime.fromisoformat(there[0]) - datetime.fromisoformat(here[0])
    assert shift > timedelta(days=strange_runtime.DAYS - 1)
    assert there[1:] == [str(strange_runtime.UMASK), "1", strange_runtime.ZONE]
    assert here[1] != there[1]
    assert here[3] != there[3]
    assert int(here[2]) == len(os.sched_getaffinity(0))


def test_a_killed_engine_leaves_no_tag_and_no_client_that_waits(
    second: Machine, named: Project, tmp_path: Path
) -> None:
    target = tmp_path / "dist"
    with releasing(second, moved(named, tmp_path / "project"), target) as client:
        assert client.stderr is not None
        said = []
        for line in client.stderr:
            said.append(line)
            # The registry's own log: a manifest is there, so something is half published.
            if "method=PUT" in line and "/manifests/" in line:
                break
        else:
            pytest.fail("".join(said)[-3000:])
        second.killed()
        begun = time.monotonic()
        said.extend(client.stderr)
    assert time.monotonic() - begun < 40
    assert client.returncode == 1
    assert "The engine ended while `dagger" in said[-1]
    assert not target.exists()
    assert tags(second) == []


def test_two_engines_make_the_same_bits(
    first: Machine, second: Machine, named: Project, tmp_path: Path
) -> None:
    second.engine("up")
    there = released(second, moved(named, tmp_path / "project"), tmp_path / "there")
    assert tags(second) == ["image", "model", "plan", "release"]
    here = released(first, named, tmp_path / "here")
    assert here == there
