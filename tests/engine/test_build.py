"""Go programs: built once, again when something changed, never half."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from engine import build
from engine.build import built, go_environment
from engine.errors import EngineError
from engine.paths import Settings
from engine.recipes import GoModule

CRANE = GoModule(
    "crane",
    "v1",
    {"crane": "example.com/cmd/crane"},
    {"example.com/cmd.Version": "1"},
    {"GOEXPERIMENT": "jsonv2"},
)
# Stands in for the Go toolchain: notes how it was called, and leaves a file where it was told to.
GO = """#!/bin/sh
echo "$GOEXPERIMENT $CGO_ENABLED $*" >> "$CALLS"
while [ "$1" != -o ]; do shift; done
echo program > "$2/crane"
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `go` that does as if, the file it notes its calls in, and modules in a folder of ours."""
    _go(tmp_path, GO)
    source = tmp_path / "source" / "go" / "crane"
    source.mkdir(parents=True)
    (source / "go.mod").write_text("module crane")
    monkeypatch.setattr("engine.recipes.SOURCE", tmp_path / "source")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("GOFLAGS", "-mod=vendor")
    return tmp_path / "calls"


def _go(folder: Path, script: str) -> None:
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / "go").write_text(script)
    (folder / "bin" / "go").chmod(0o755)


def _count(calls: Path) -> int:
    return len(calls.read_text().splitlines())


def test_built_once(own: Settings, calls: Path) -> None:
    folder = built(own, CRANE, "go1")
    assert (folder / "crane").read_text() == "program\n"
    assert built(own, CRANE, "go1") == folder
    assert _count(calls) == 1


def test_call_is_static_reproducible_and_tells_its_version(own: Settings, calls: Path) -> None:
    built(own, CRANE, "go1")
    call = calls.read_text()
    assert call.startswith("jsonv2 0 build -mod=readonly -trimpath ")
    assert "-ldflags=-s -w -X example.com/cmd.Version=1 " in call
    assert call.endswith(" example.com/cmd/crane\n")


def test_persons_own_build_flags_are_left_out(calls: Path) -> None:
    assert go_environment()["GOFLAGS"] == ""
    assert not calls.exists()


def test_changes_build_again_and_forget_the_older(
    own: Settings, calls: Path, tmp_path: Path
) -> None:
    folders = [built(own, CRANE, "go1"), built(own, CRANE, "go2")]
    folders.append(built(own, replace(CRANE, version="v2"), "go2"))
    (tmp_path / "source" / "go" / "crane" / "go.sum").write_text("sum")
    folders.append(built(own, replace(CRANE, version="v2"), "go2"))
    assert len(set(folders)) == 4
    assert _count(calls) == 4
    assert [path.name for path in own.programs.iterdir()] == [folders[-1].name]


def test_failure_is_told_with_its_reason_and_leaves_nothing_usable(
    own: Settings, calls: Path, tmp_path: Path
) -> None:
    _go(tmp_path, "#!/bin/sh\necho 'dial tcp: no such host' >&2\nexit 1\n")
    with pytest.raises(EngineError, match=r"(?s)crane v1 failed.*no such host.*engine up"):
        built(own, CRANE, "go1")
    _go(tmp_path, GO)
    assert (built(own, CRANE, "go1") / "crane").exists(), "the next time goes well"
    assert _count(calls) == 1


def test_half_a_build_is_not_taken_for_a_whole_one(own: Settings, calls: Path) -> None:
    key = build._key(CRANE, "go1")
    partial = own.programs / f"crane-{key}.partial"
    partial.mkdir(parents=True)
    (partial / "crane").write_text("hal")
    assert (built(own, CRANE, "go1") / "crane").read_text() == "program\n"
    assert _count(calls) == 1
