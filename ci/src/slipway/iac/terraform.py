"""Terraform."""

from typing import Final

from ..runtime.images import ToolImage
from .base import Engine

IMAGE: Final = ToolImage(
    "terraform", "docker.io/hashicorp/terraform:1.13.3", "/bin/terraform", "terraform"
)
ENGINE: Final = Engine(name="terraform", command="terraform", image=IMAGE, title="Terraform")
