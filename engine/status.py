"""What is there: what runs, what was made, and how large each part is."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from engine import engine, network, registry
from engine.disk import PARTS, size_text, sizes
from engine.paths import Settings


@dataclass(frozen=True)
class Status:
    """The state of one engine."""

    home: str
    engine: int | None
    """Process id, None if it does not run."""
    registry: int | None
    socket: str
    mirror: str
    bridge: str | None
    images: dict[str, str]
    """Name of a stand-in to its digest."""
    parts: dict[str, int]
    """Folder to its bytes on disk."""

    @property
    def ready(self) -> bool:
        """Does everything run?"""
        return self.engine is not None and self.registry is not None


def status(settings: Settings) -> Status:
    """Look at everything; changes nothing."""
    own = engine.daemon(settings).running() if engine.answers(settings) else None
    mirror = registry.daemon(settings).running() if registry.answers(settings.port) else None
    return Status(
        str(settings.home),
        own.pid if own else None,
        mirror.pid if mirror else None,
        str(settings.socket),
        f"127.0.0.1:{settings.port}",
        f"{settings.network}0" if network.bridge_exists(settings) else None,
        _images(settings),
        sizes(settings.home),
    )


def as_json(found: Status) -> str:
    """Give the status for a script."""
    return json.dumps({"ready": found.ready, **asdict(found)}, indent=2)


def as_text(found: Status) -> str:
    """Give the status for a person."""

    def running(pid: int | None) -> str:
        return f"runs (process {pid})" if pid else "does not run"

    lines = [
        f"engine    {running(found.engine)}, {found.socket}",
        f"mirror    {running(found.registry)}, {found.mirror}",
        f"network   {found.bridge or 'none'}",
        f"folder    {found.home}, {size_text(sum(found.parts.values()))} in all",
        *(f"  {size_text(size):>9}  {name:9} {PARTS[name]}" for name, size in found.parts.items()),
        "images",
        *(f"  {digest[7:19]}  {name}" for name, digest in sorted(found.images.items())),
    ]
    if not found.ready:
        lines.append("Bring it up: python3 -m engine up")
    return "\n".join(lines)


def _images(settings: Settings) -> dict[str, str]:
    found = {}
    for stamp in sorted(settings.stamps.glob("*.json")) if settings.stamps.is_dir() else ():
        known = json.loads(stamp.read_text())
        found[str(known["name"])] = str(known["digest"])
    return found
