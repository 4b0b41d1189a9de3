"""What the pipeline asks the engine itself, answered in memory: an empty folder, and the engine's version."""

from __future__ import annotations

import dagger
import pytest

from tests.support.fakes import FakeDirectory


@pytest.fixture(autouse=True)
def _client(monkeypatch: pytest.MonkeyPatch) -> None:
    async def version(client: dagger.Client) -> str:
        del client
        return "v0.0.0"

    monkeypatch.setattr(dagger.Client, "directory", lambda _client: FakeDirectory())
    monkeypatch.setattr(dagger.Client, "version", version)
