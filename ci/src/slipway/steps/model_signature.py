"""Sign a model's folder by OpenSSF model signing, with the key that cosign signs with, or as the same identity.

    python -m slipway.steps.model_signature --folder /model --key cosign.key [--password FILE] --output model.sig
    python -m slipway.steps.model_signature --folder /model --environment FILE --signing-config FILE
        --trusted-root FILE --output model.sig

Whoever has the folder, the signature and the public key verifies it without a registry:
`model_signing verify key FOLDER --signature model.sig --public_key cosign.pub`. cosign's key file: JSON with scrypt's
parameters and a NaCl secretbox around the PKCS #8 (go-securesystemslib, `encrypted`). The key in clear exists in this
process's memory and in one file in memory, which is gone with the step.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ..errors import DataError, SlipwayError
from .sequence import read_lines

_BLOCK: Final = re.compile(
    r"-----BEGIN ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY-----(.+?)-----END", re.DOTALL
)
# scrypt needs 128 · N · r bytes; the key files of others may not ask for more than this.
_MEMORY: Final = 256 << 20


def opened(text: str, password: str) -> bytes:
    """The private key in a cosign key file, PKCS #8 in DER; a DataError where it does not open."""
    from nacl.exceptions import CryptoError
    from nacl.secret import SecretBox

    block = _BLOCK.search(text)
    if block is None:
        raise DataError("the signing key is not a cosign key", where="--signing-key")
    try:
        encrypted: dict[str, Any] = json.loads(base64.b64decode(block[1]))
        kdf, cipher = encrypted["kdf"], encrypted["cipher"]
        if (kdf["name"], cipher["name"]) != ("scrypt", "nacl/secretbox"):
            raise DataError(
                "the signing key is encrypted in a way that is not supported", where="--signing-key"
            )
        cost = kdf["params"]
        key = hashlib.scrypt(
            password.encode(), salt=base64.b64decode(kdf["salt"]), n=cost["N"], r=cost["r"], p=cost["p"],
            maxmem=_MEMORY, dklen=SecretBox.KEY_SIZE,
        )  # fmt: skip
        content = base64.b64decode(encrypted["ciphertext"])
        return bytes(SecretBox(key).decrypt(content, base64.b64decode(cipher["nonce"])))
    except (ValueError, KeyError, TypeError, CryptoError) as error:
        raise DataError(f"the signing key does not open: {error}", where="--signing-key") from None


def pem(key: bytes) -> str:
    """The key as model_signing reads it."""
    body = base64.encodebytes(key).decode()
    return f"-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of this program; see the text of the module."""
    parser = argparse.ArgumentParser(prog="model_signature", description=__doc__)
    for name in ("folder", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    for name in ("key", "password", "private", "environment", "signing-config", "trusted-root"):
        parser.add_argument(f"--{name}", type=Path)
    options = parser.parse_args(arguments)
    try:
        return _by_key(options) if options.key else _by_identity(options)
    except SlipwayError as error:
        print(error, file=sys.stderr)
        return 1


def _by_key(options: argparse.Namespace) -> int:
    password = options.password.read_text(encoding="utf-8").rstrip("\n") if options.password else ""
    key = pem(opened(options.key.read_text(encoding="utf-8"), password))
    with tempfile.NamedTemporaryFile("w", dir=options.private, suffix=".pem") as file:
        file.write(key)
        file.flush()
        sign = "import sys; from model_signing._cli import main; sys.exit(main())"
        argv = [
            sys.executable, "-c", sign, "sign", "key", str(options.folder),
            "--signature", str(options.output), "--private_key", file.name,
        ]  # fmt: skip
        return subprocess.run(argv, check=False).returncode


def _by_identity(options: argparse.Namespace) -> int:
    """Through the library: the command line would take the token as an argument, which others could read."""
    from model_signing import signing

    os.environ.update(read_lines(options.environment))
    trust = {
        "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
        "signingConfig": json.loads(options.signing_config.read_text(encoding="utf-8")),
        "trustedRoot": json.loads(options.trusted_root.read_text(encoding="utf-8")),
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(trust, file)
        file.flush()
        token = os.environ.get("SIGSTORE_ID_TOKEN")
        config = signing.Config()  # type: ignore[no-untyped-call]
        config.use_sigstore_signer(
            identity_token=token,
            use_ambient_credentials=token is None,
            trust_config=Path(file.name),
        )
        config.sign(options.folder, options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
