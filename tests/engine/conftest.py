"""What several tests of engine/ use."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.paths import Settings


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    """An engine's settings in an empty folder, on a port that nothing listens on."""
    return Settings(tmp_path / "engine", 5987, "slptest", "10.222.0.0/16")
