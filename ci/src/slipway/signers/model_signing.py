"""A model's folder, signed by OpenSSF model signing: it verifies without a registry."""

from typing import Final

from ..runtime.stage import Input, Stage, by_key, never
from ..runtime.tools import Tools
from .base import PRIVATE, Signer

MODEL_SIGNATURE: Final = "/model.sig"


def sign_model_stage(tools: Tools, signer: Signer, model: Input, mark: str) -> Stage | None:
    """The stage that signs a model's folder; None where that cannot be done by this signer.

    `mark` is the signer's (`Verifier.mark`): under the same one, the same files are not signed again; without one they
    always are.
    """
    options = signer.model_signing_options()
    if options is None:
        return None
    container = signer.mounted(tools.tool_container(locked="signing")).with_mounted_temp(PRIVATE)
    return Stage(
        name="sign-model",
        container=container,
        argv=(
            "python", "-m", "slipway.steps.model_signature", "--folder", model.path, *options,
            "--output", MODEL_SIGNATURE,
        ),
        inputs=(model,),
        cache=by_key(mark) if mark else never(),
    )  # fmt: skip
