"""What the pipeline asks the engine itself, answered in memory, for tests that use the fakes."""

from __future__ import annotations

import pytest
from hypothesis import settings

# Property tests here are many and small: no deadline (machines are shared), no database of past failures.
settings.register_profile("unit", deadline=None, max_examples=40, database=None)
settings.load_profile("unit")


@pytest.fixture
def client_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder and the engine's version come from memory."""
    import dagger

    from tests.support.fake_dagger import FakeDirectory

    async def version(client: dagger.Client) -> str:
        del client
        return "v0.0.0"

    monkeypatch.setattr(dagger.Client, "directory", lambda _client: FakeDirectory())
    monkeypatch.setattr(dagger.Client, "version", version)
