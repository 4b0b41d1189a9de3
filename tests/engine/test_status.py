"""What is there: sizes are those on disk, and what does not run is said."""

from __future__ import annotations

import json
import os
from dataclasses import replace

from engine.disk import PARTS, sizes
from engine.paths import Settings
from engine.status import as_json, as_text, status


def test_a_file_with_two_names_counts_once(own: Settings) -> None:
    for name in ("rootfs", "content"):
        (own.home / name).mkdir(parents=True)
    (own.home / "rootfs" / "layer").write_bytes(os.urandom(1_000_000))
    os.link(own.home / "rootfs" / "layer", own.home / "content" / "blob")
    found = sizes(own.home)
    assert set(found) == set(PARTS)
    assert 1_000_000 <= found["rootfs"] + found["content"] < 1_100_000
    assert found["state"] == 0


def test_images_come_from_their_stamps(own: Settings) -> None:
    own.stamps.mkdir(parents=True)
    (own.stamps / "a.json").write_text('{"key": "k", "name": "a:1", "digest": "sha256:0123"}')
    assert status(own).images == {"a:1": "sha256:0123"}


def test_text_and_json_say_the_same(own: Settings) -> None:
    found = status(own)
    assert not found.ready
    assert json.loads(as_json(found))["ready"] is False
    assert "engine    does not run" in as_text(found)
    assert "python3 -m engine up" in as_text(found)
    running = replace(found, engine=1, registry=2, parts={**found.parts, "state": 3_500_000_000})
    assert json.loads(as_json(running))["ready"] is True
    assert "runs (process 1)" in as_text(running)
    assert "3.5 GB  state" in as_text(running)
    assert "python3 -m engine up" not in as_text(running)
