"""Tool images, by version: those that every project needs. Gates and infrastructure engines bring their own.

The engine resolves a name to a digest when it is used; a lock of digests (`--image-lock`) replaces names by digests
where a site, or a machine with stand-ins, needs others.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class ToolImage:
    """A tool's image: its name in locks and provenance, its reference, the path of its static binary, and the command
    under which steps call that.
    """

    name: str
    reference: str
    binary: str = ""
    command: str = ""


PYTHON: Final = ToolImage("python", "docker.io/library/python:3.11-slim-bookworm")
GIT: Final = ToolImage("git", "docker.io/alpine/git:v2.49.1")
REGISTRY: Final = ToolImage("registry", "docker.io/library/registry:2.8.3")
CRANE: Final = ToolImage(
    "crane", "gcr.io/go-containerregistry/crane:v0.22.1", "/ko-app/crane", "crane"
)
COSIGN: Final = ToolImage(
    "cosign", "ghcr.io/sigstore/cosign/cosign:v3.1.3", "/ko-app/cosign", "cosign"
)
TRIVY: Final = ToolImage("trivy", "docker.io/aquasec/trivy:0.74.0", "/usr/local/bin/trivy", "trivy")
POSTGRES: Final = ToolImage("postgres", "docker.io/library/postgres:15-bookworm")

# In the order of provenance.
BASE: Final = (PYTHON, GIT, REGISTRY, CRANE, COSIGN, TRIVY, POSTGRES)
# Servers: they keep what was made, and nothing is made with them.
SERVERS: Final = (REGISTRY, POSTGRES)
