"""The image's bill of materials: CycloneDX, made by trivy (docs/decisions/0015)."""

from typing import Final

import dagger

from ..runtime.images import TRIVY
from ..runtime.stage import Input, Stage
from ..runtime.tools import Tools
from .image import ASSEMBLE

SBOM: Final = "sbom"
OUT: Final = "/sbom.json"
TRIVY_CACHE: Final = "/var/cache/trivy"


def sbom_stage(tools: Tools, layout: dagger.Directory) -> Stage:
    """The stage that lists what is in an image, as JSON in /sbom.json."""
    return Stage(
        name=SBOM,
        container=with_layer_cache(tools, tools.tool_container(TRIVY), "packages"),
        argv=(
            "trivy", "image", "--quiet", "--format", "cyclonedx", "--cache-dir", TRIVY_CACHE,
            "--timeout", "10m", "--input", "/image", "--output", OUT,
        ),
        inputs=(Input(path="/image", content=layout, made_by=(ASSEMBLE,)),),
    )  # fmt: skip


def with_layer_cache(tools: Tools, container: dagger.Container, name: str) -> dagger.Container:
    """With what trivy found in each layer before, by the layer's diff_id and trivy's own version: base and dependencies
    are not read again for a line of the service. One at a time: trivy locks its cache and does not wait for long.
    """
    return container.with_mounted_cache(
        f"{TRIVY_CACHE}/fanal",
        tools.volume(f"slipway-trivy-{name}"),
        sharing=dagger.CacheSharingMode.LOCKED,
    )
