"""The way that a person goes: `dagger functions` and `dagger call`."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from slipway.artifacts.source import Source
from slipway.errors import ConfigError, GateFailed, SlipwayError
from slipway.gates import gates_of
from slipway.gates.base import SourceTree
from slipway.runtime.layout import digest_of

from ..support.cases import KINDS
from ..support.project import Project, assert_told, dagger_command, last_error
from ..support.releasing import ADVISORY, built, write_advisories

pytestmark = [pytest.mark.engine, pytest.mark.anyio]
FUNCTIONS = {
    "apply", "build", "check", "debug", "drift", "plan", "registry", "release", "report", "reproduce", "smoke-test",
    "train", "verify",
}  # fmt: skip
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
# What a changed line of the service makes a release do again, and what it does not.
KEPT = ("train", "pack-model", "layer-model", "layer-dependencies", "data", "dependencies", "iac")
AGAIN = ("layer-service", "layer-facts", "assemble", "smoke-test", "unit-tests", "lint")


def printed(project: Project, *arguments: str) -> str:
    """What a call that succeeds prints on standard output."""
    done = project.call(*arguments)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_functions_read_as_a_table_of_contents() -> None:
    done = dagger_command("functions")
    assert done.returncode == 0, done.stderr[-3000:]
    plain = re.sub(
        r"\x1b\[[0-9;]*m", "", done.stdout
    )  # the heading is bold, whatever NO_COLOR says
    rows = [line.split(maxsplit=1) for line in plain.splitlines() if line.strip()]
    names = {row[0]: row[1:] for row in rows if row[0] != "Name"}
    assert set(names) == FUNCTIONS
    # A whole sentence each: the CLI shows the first line only.
    assert all(row and len(row[0]) > 20 and row[0].endswith(".") for row in names.values()), names


@pytest.mark.parametrize(
    "function", ["check", "release", "verify", "apply", "report", "reproduce", "debug"]
)
def test_every_argument_is_described(function: str) -> None:
    done = dagger_command("call", function, "--help")
    assert done.returncode == 0, done.stderr[-3000:]
    section = done.stdout.partition("ARGUMENTS")[2].partition("OPTIONS")[0]
    lines = re.findall(r"^ +--[a-z-]+ \w+(.*)$", section, re.MULTILINE)
    assert lines, done.stdout
    assert all(line.strip() for line in lines), section


def test_train_gives_its_metrics_as_json(reference: Project) -> None:
    facts = json.loads(printed(reference, "train", "metrics"))
    assert facts["metrics"]["roc_auc"] >= 0.97


def without_configuration(project: Project) -> None:
    """Remove slipway.yaml."""
    (project.folder / "slipway.yaml").unlink()


def with_an_unused_import(project: Project) -> None:
    """Add a file that the lint gate refuses."""
    project.write("service/src/screening/late.py", '"""Late."""\n\nimport os\n')


def unchanged(project: Project) -> None:
    """Leave the project as it is."""


@pytest.mark.parametrize(
    ("change", "arguments", "kind", "words"),
    [
        (without_configuration, ("check",), ConfigError, ("slipway.yaml",)),
        (
            unchanged,
            ("debug", "--stage", "trian", "user"),
            ConfigError,
            ("trian", "Did you mean train?"),
        ),
        (
            with_an_unused_import,
            ("check",),
            GateFailed,
            ("late.py", "dagger call debug --stage lint terminal"),
        ),
    ],
)
def test_the_exit_code_tells_what_kind_of_failure_it_was(
    project: Project,
    change: Callable[[Project], None],
    arguments: tuple[str, ...],
    kind: type[SlipwayError],
    words: tuple[str, ...],
) -> None:
    change(project)
    project.git("add", "--all")
    project.git("commit", "--quiet", "--allow-empty", "--message", "A change")
    done = project.call(*arguments)
    assert done.returncode == kind.code, done.stderr[-2000:]
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    message = last_error(done)
    assert not message.startswith("FunctionError")
    assert_told(message, *words)


async def test_both_ways_in_build_the_same_image(reference: Project, source: Source) -> None:
    mine = await digest_of((await built(source, reference)).layout)
    assert printed(reference, "build", "digest").strip() == mine


def test_from_a_build_one_goes_on_to_its_model(reference: Project) -> None:
    facts = json.loads(printed(reference, "build", "model", "metrics"))
    assert facts["rows"]["heldout"] > 50


def test_smoke_test_says_what_was_compared(reference: Project) -> None:
    told = printed(reference, "smoke-test")
    assert "passed" in told
    assert "held-out rows answered as the model does" in told


def test_plan_shows_what_would_be_done(reference: Project) -> None:
    assert "Plan:" in printed(reference, "plan", "show")


def test_check_prints_every_verdict(reference: Project, tmp_path: Path) -> None:
    told = printed(reference, "check", "--advisories", str(write_advisories(tmp_path, ADVISORY)))
    gates = [gate.name for gate in gates_of(SourceTree)]
    rows = {line.split()[0]: line.split()[1] for line in told.splitlines() if line.strip()}
    assert rows == dict.fromkeys(gates, "passed")


def test_debug_opens_the_container_of_a_stage_with_its_files(reference: Project) -> None:
    told = printed(
        reference, "debug", "--stage", "train",
        "with-exec", "--args", "cat,/stage/COMMAND,/data/schema.json", "stdout",
    )  # fmt: skip
    command, _, schema = told.partition("\n")
    assert command.startswith("python -m screening.train --data /data/data.csv")
    assert "mean_radius" in schema


class Released(NamedTuple):
    """A project that was released, what that gave, and the database of advisories it was made with."""

    project: Project
    dist: Path
    database: Path


@pytest.fixture(scope="module")
def released(reference: Project, tmp_path_factory: pytest.TempPathFactory) -> Released:
    """One release for all tests here. No test may change it."""
    folder = tmp_path_factory.mktemp("released")
    project = reference.copy(folder / "project").named(f"cli-{uuid.uuid4().hex[:10]}")
    made = Released(project, folder / "dist", write_advisories(folder / "osv", ADVISORY))
    options = ("--advisories", str(made.database))
    printed(project, "release", *options, "dist", "export", "--path", str(made.dist))
    return made


def record_of(released: Released) -> dict[str, Any]:
    """What its release.json says."""
    return dict(json.loads((released.dist / "release.json").read_text(encoding="utf-8")))


def test_a_release_is_exported_with_its_key_and_its_report(released: Released) -> None:
    made, out = record_of(released), released.dist
    name = re.search(r"^name: (.*)$", (released.project.folder / "slipway.yaml").read_text(), re.M)
    assert name
    assert made["commit"] == released.project.git("rev-parse", "HEAD").strip()
    for kind in KINDS:
        repository, _, digest = made[kind].partition("@")
        assert repository == f"localhost:5050/{name[1]}/{kind}"
        assert DIGEST.fullmatch(digest)
    assert (out / "cosign.pub").read_text(encoding="utf-8").startswith("-----BEGIN PUBLIC KEY")
    report = (out / "report.txt").read_text(encoding="utf-8")
    assert made["image"] in report
    assert made["image"] in (out / "report.html").read_text(encoding="utf-8")


def test_its_page_is_drawn_again_from_its_record(released: Released, tmp_path: Path) -> None:
    record, page = released.dist / "release.json", tmp_path / "page.html"
    printed(released.project, "report", f"--release={record}", "export", f"--path={page}")
    assert record_of(released)["image"] in page.read_text(encoding="utf-8")
    (tmp_path / "release.json").write_text("{}")
    done = released.project.call("report", f"--release={tmp_path / 'release.json'}", "contents")
    assert_told(last_error(done), "release.json", "version")


def test_it_is_verified_and_another_digest_is_not_there(released: Released) -> None:
    made = record_of(released)
    told = printed(released.project, "verify", "--release", made["release"])
    assert made["commit"] in told
    assert all(made[kind] in told for kind in KINDS)
    wrong = made["release"][:-4] + "0000"
    done = released.project.call("verify", "--release", wrong)
    assert_told(last_error(done), "localhost:5050")


def test_a_line_of_the_service_releases_without_training_again(
    released: Released, tmp_path: Path
) -> None:
    # Through `dagger call`, where the module makes the engine know the tree by the content of its folders.
    project = released.project.copy(tmp_path / "project")
    path = "service/src/screening/app.py"
    text = (project.folder / path).read_text(encoding="utf-8")
    project.write(path, text + f"\n# {uuid.uuid4().hex}\n").commit()
    again = json.loads(printed(project, "release", "--advisories", str(released.database), "json"))
    cached = {one["name"]: one["cached"] for one in again["stages"]}
    assert {name: cached[name] for name in KEPT} == dict.fromkeys(KEPT, True)
    assert {name: cached[name] for name in AGAIN} == dict.fromkeys(AGAIN, False)
