"""What an infrastructure engine is."""

from dataclasses import dataclass

from ..runtime.images import ToolImage


@dataclass(frozen=True, kw_only=True)
class Engine:
    """An engine that plans and applies: its name in slipway.yaml, its command, its image, and a title for the docs."""

    name: str
    command: str
    image: ToolImage
    title: str
