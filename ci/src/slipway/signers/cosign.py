"""The command lines of cosign, for signers and for verifiers."""

import json
from collections.abc import Sequence
from typing import Final

from ..attestations.statements import PROVENANCE, SBOM
from ..errors import SigningError
from ..oci.registry_errors import said
from ..runtime.images import COSIGN
from ..runtime.stage import Stage, StageRunner, never
from ..runtime.tools import Tools
from .base import Signer
from .sigstore import CONFIG, ROOT
from .verifier import Verifier

SERVICES: Final = ("--signing-config", CONFIG, "--trusted-root", ROOT, "--yes")
# cosign's names for types of predicates that it knows.
TYPES: Final = {PROVENANCE: "slsaprovenance1", SBOM: "cyclonedx"}
SIGNATURE: Final = "https://sigstore.dev/cosign/sign/v1"


def sign_commands(signer: Signer, reference: str) -> list[list[str]]:
    """cosign's command that signs a digest."""
    return [["cosign", "sign", *signer.options, *SERVICES, reference]]


def attest_command(signer: Signer, reference: str, kind: str, predicate: str) -> list[str]:
    """cosign's command that attests the predicate (a file) of a type (its URI) to a digest."""
    options = ["--type", TYPES.get(kind, kind), "--predicate", predicate]
    return ["cosign", "attest", *signer.options, *SERVICES, *options, reference]


def verify_commands(verifier: Verifier, reference: str, types: Sequence[str]) -> list[list[str]]:
    """cosign's commands that check the signature and each type of attestation of a digest."""
    attestation = ["cosign", "verify-attestation", *verifier.options]
    return [
        ["cosign", "verify", *verifier.options, "--output", "json", reference],
        *([*attestation, "--type", TYPES.get(each, each), reference] for each in types),
    ]


async def printed_key(tools: Tools, signer: Signer, runner: StageRunner, remedy: str) -> str:
    """The public key that cosign prints of a key; raises SigningError where it cannot be opened."""
    container = signer.mounted(tools.tool_container(COSIGN))
    commands = json.dumps([["cosign", "public-key", *signer.options]])
    stage = Stage(
        name="key",
        container=container.with_new_file("/commands.json", commands),
        argv=(
            "python", "-m", "slipway.steps.sequence", "--commands", "/commands.json",
            *signer.secret_options,
        ),
        cache=never(),
        accept=(0, 4),
    )  # fmt: skip
    outcome = await runner.run(stage)
    if outcome.exit_code:
        raise SigningError(
            f"the signing key cannot be opened: {said(outcome.stderr)}",
            where=" ".join(signer.options[:1]),
            remedy=remedy,
        )
    printed: list[str] = json.loads(outcome.stdout)
    return printed[0]
