"""Slipway: a pipeline from a commit to a signed release, as Dagger Functions.

A folder a concern; docs/architecture.md says where a line belongs:

    main           composition root: one short function for each thing a person asks for
    options        the options of these functions, and what --help prints of them
    pipeline/      what a person asks for, as numbered steps
    gates/         what is checked before a release
    iac/           infrastructure as code: plans and their state
    publishing/    registry client, publisher
    signers/       who signs, and how a signature is verified
    registries/    what differs between registries
    artifacts/     source, git, model, image
    runtime/       the only Dagger plumbing: stages, tool containers
    steps/         programs that run inside stage containers

and below this line no Dagger, no I/O:

    report/        the report of a release: text, page, SARIF
    policy/        what a relying party asks, and whether a release proves it
    attestations/  what is signed about artifacts
    config/        slipway.yaml
    verdicts/      what a gate concluded
    oci/           the formats of the OCI
    formats/       other formats
    errors         one tree of errors
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .main import Slipway

__all__ = ["Slipway"]


def __getattr__(name: str) -> object:
    # Lazy, so that the pure folders and steps/ can be imported where there is no Dagger: in tests and in stages.
    if name == "Slipway":
        from .main import Slipway

        return Slipway
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
