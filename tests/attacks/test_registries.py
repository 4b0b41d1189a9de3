"""Attacks by the registry itself: other content, too much of it, and another host."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import dagger
import pytest
from dagger import dag
from slipway.errors import SlipwayError
from slipway.oci.digests import Digest
from slipway.registries.oci import OciRegistry
from slipway.runtime.stage import StageRunner
from slipway.runtime.tools import Tools
from slipway.signers.key import KeySigner, public_key
from slipway.signers.verifier import Verifier

from ..support.forging import Artifact
from ..support.project import assert_told
from ..support.releasing import client_at

pytestmark = [pytest.mark.engine, pytest.mark.anyio, pytest.mark.usefixtures("connection")]
LYING = Path(__file__).parents[1] / "support" / "lying.py"
ARTIFACT = Artifact.of("release", '{"version": 12}')
MANIFEST = ARTIFACT.blobs[ARTIFACT.digest.hex]
OVERSIZED = Digest.of(MANIFEST.encode() + b" " * (5 << 20))


@dataclass(frozen=True, kw_only=True)
class Lying(OciRegistry):
    """A registry that lies in its own way; steps reach the other host, too."""

    address: str = "localhost:5000/x"
    username: str = "ann"
    mode: str = ""
    password: dagger.Secret | None = field(
        default_factory=lambda: dag.set_secret("lying", "hush-1618")
    )

    async def connected(self, container: dagger.Container) -> dagger.Container:
        """With the other host in reach."""
        assert self.service is not None
        return (await super().connected(container)).with_service_binding("elsewhere", self.service)

    async def seen(self) -> tuple[int, int]:
        """How often the other host was asked, and how often with credentials."""
        box = await self.connected(client_at(self).container())
        ask = "import urllib.request as u; print(u.urlopen('http://elsewhere:5001/seen').read().decode())"
        asked, credentials = (await box.with_exec(["python", "-c", ask]).stdout()).split()
        return int(asked), int(credentials)


def lying(mode: str) -> Lying:
    """The registry, with an artifact in it."""
    box = Tools().python().with_file("/lying.py", dag.host().file(str(LYING)))
    for name, text in ARTIFACT.blobs.items():
        box = box.with_new_file(f"/content/{name}", text)
    service = (
        box.with_new_file("/content/oversized", MANIFEST)
        .with_exposed_port(5000)
        .with_exposed_port(5001)
        .as_service(args=["python", "/lying.py", mode])
    )
    return Lying(service=service, mode=mode)


def reference(mode: str) -> str:
    """What is asked for: a digest that the registry has to keep to."""
    digest = OVERSIZED if mode == "oversized" else ARTIFACT.digest
    return f"localhost:5000/x/release@{digest}"


async def test_16_a_registry_that_keeps_its_word_is_read() -> None:
    # Also one that keeps its blobs elsewhere, as many do: what counts is the digest.
    for mode in ("honest", "storage elsewhere"):
        registry = lying(mode)
        release, content = await client_at(registry).read_release(reference(mode))
        assert (release.digest, content) == (ARTIFACT.digest, '{"version": 12}')
    assert await registry.seen() == (1, 0)


OTHER = "other content than was asked for"
LIES = {
    "another manifest": OTHER,
    "another blob": OTHER,
    "oversized": "4194304 at most are read",
    "endless blob": "more than 64 MiB",
    "manifest elsewhere": OTHER,
    "blob elsewhere": OTHER,
    "an inner address": "inside their own network",
}


@pytest.mark.parametrize("mode", LIES)
async def test_16_a_registry_that_lies(mode: str) -> None:
    registry = lying(mode)
    with pytest.raises(SlipwayError) as caught:
        await client_at(registry).read_release(reference(mode))
    assert_told(str(caught.value), "localhost:5000", LIES[mode], sentences=3)
    assert "hush" not in str(caught.value)
    if mode.endswith("elsewhere"):
        # It went there, and took nobody's credentials along.
        asked, credentials = await registry.seen()
        assert asked
        assert not credentials


async def test_16_what_is_pulled_is_what_was_asked_for() -> None:
    client = client_at(lying("another blob"))
    verifier = Verifier(pem=await public_key(Tools(), KeySigner(), StageRunner()))
    found = await client.pull("release", reference("another blob"), verifier, types=[])
    assert "content" in found.evidence.errors
