"""Room in the cache: when a start makes it, what it keeps, and how it tells that it could not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine import room
from engine.engine import configuration
from engine.errors import EngineError
from engine.paths import Settings

PRUNE = "{ engine { localCache { prune(useDefaultPolicy: true) } } }"


def client(folder: Path, text: str) -> str:
    """A client that runs these shell lines."""
    path = folder / "dagger"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_cache_that_fills_up_is_one_over_the_bound(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.state.mkdir(parents=True)
    (own.state / "snapshot").write_bytes(os.urandom(1_000_000))
    assert not room.filling(own.home)
    monkeypatch.setattr(room, "FILLING", 900_000)
    assert room.filling(own.home)


def test_a_start_leaves_more_room_than_the_bound_at_which_it_begins(own: Settings) -> None:
    serving = configuration(own)
    assert serving["gc"] == {"policies": [room.SERVING]}
    assert room.SERVING["filters"] == room.STARTING["filters"] == ["type!=exec.cachemount"]
    kept, most = (int(str(each["maxUsedSpace"])) for each in (room.STARTING, room.SERVING))
    assert kept < room.FILLING < most


def test_the_engine_is_asked_to_collect_by_its_policy(
    own: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own.home.mkdir(parents=True)
    seen = tmp_path / "seen"
    program = client(tmp_path, f'cat > {seen}; echo "$RUNNER" >> {seen}')
    room.collect(own.home, 0, program, {"RUNNER": "unix:///engine"})
    assert seen.read_text() == f"{PRUNE}unix:///engine\n"
    assert "making room in the engine's cache of 0.0 MB" in capsys.readouterr().err


def test_what_the_client_says_of_a_failure_is_passed_on(own: Settings, tmp_path: Path) -> None:
    own.home.mkdir(parents=True)
    with pytest.raises(EngineError, match="no such engine"):
        room.collect(own.home, 0, client(tmp_path, "echo no such engine >&2; exit 1"), {})
