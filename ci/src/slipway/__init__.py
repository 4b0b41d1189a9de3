"""Slipway: a pipeline from a commit to a signed release, as Dagger Functions.

The map of the package, in the order in which the data flows:

    main         composition root: one short function a thing a person asks for
    source       a project's tree, its slipway.yaml, and the containers that its own code runs in
    model        trained weights, their metrics and card, and the model gate
    plan         a saved infrastructure plan
    image        the service's image, assembled deterministically, and the smoke test
    evidence     gates, scans, SBOM: what was looked at and what was found
    champion     the new model against the last released one
    origins      what each artifact was made of, as its provenance says
    release      push, sign, attest, verify, tag, and the report of it all
    reproduce    a release made again from what it records, and compared
    publish      push by digest, sign, attest, verify, and tag last of all
    settle       publish until all of it stays, while others publish too
    stages       every stage by its name, for `debug`
    git          the commit, its time, and what differs from it
    layout       an OCI layout as a folder: its digest and its size
    telling      errors as sentences, not as stack traces
    registry     where artifacts go: an address people use, and how a container reaches it
    signing      who signs and who is trusted, and cosign's command lines
    signers      who signs without a key of their own: a key in Vault or a KMS, an identity
    stage        one step in a container: run, timed, its crash told from its answer
    once         what an object makes, made once
    tools        the pinned tool containers: the only room that names an image
    inside/      programs that run inside stage containers (standard library only)
    domain/      plain Python that decides: no Dagger, no I/O
    errors       one tree of errors
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .main import Slipway

__all__ = ["Slipway"]


def __getattr__(name: str) -> object:
    # Lazy, so that domain/ and inside/ can be imported where there is no Dagger: in tests and in stages.
    if name == "Slipway":
        from .main import Slipway

        return Slipway
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
