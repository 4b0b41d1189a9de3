"""OpenTofu, the default."""

from typing import Final

from ..runtime.images import ToolImage
from .base import Engine

IMAGE: Final = ToolImage(
    "opentofu", "ghcr.io/opentofu/opentofu:1.12.6-minimal", "/usr/local/bin/tofu", "tofu"
)
ENGINE: Final = Engine(name="opentofu", command="tofu", image=IMAGE, title="OpenTofu")
