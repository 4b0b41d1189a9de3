"""Every test here needs an engine."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def engine_is_there(engine: None) -> None:
    """An engine in reach; without one a test fails, it is not skipped."""
    del engine
