"""Encrypt a plan with a key, and open it again: the same plan under the same key gives the same bytes.

AES-256 in SIV mode (RFC 5297), which is authenticated and needs no nonce: two encryptions of one file are equal, which
a release that is made twice has to be, and that two files are equal is all that it tells. The key is 64 bytes, written
in base64; its name, the beginning of a sha256, says for whom something is encrypted and gives nothing away.
"""

import base64
import binascii
import contextlib
import hashlib
import os
import secrets
import tempfile
from pathlib import Path

from ..errors import DataError

NAME = "plan.key"
_LENGTH = 64
_PURPOSE = b"slipway sealed plan v1"


def key_in(path: Path) -> bytes:
    """The key in a file; a DataError where it is none."""
    try:
        key = base64.b64decode(path.read_text(encoding="ascii").strip(), validate=True)
    except (OSError, ValueError, binascii.Error):
        key = b""
    if len(key) != _LENGTH:
        raise DataError(
            "the plan key is not 64 bytes in base64",
            where="--plan-key",
            remedy="Make one: openssl rand -base64 -A 64",
        )
    return key


def name_of(key: bytes) -> str:
    """What a key is called."""
    return hashlib.sha256(_PURPOSE + key).hexdigest()[:16]


def encrypt(content: bytes, key: bytes) -> bytes:
    """The content, encrypted."""
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    return AESSIV(key).encrypt(content, [_PURPOSE])


def decrypt(content: bytes, key: bytes) -> bytes:
    """What was encrypted; a DataError where one byte is another, or the key is."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    try:
        return AESSIV(key).decrypt(content, [_PURPOSE])
    except (InvalidTag, ValueError):
        raise DataError(
            "the encrypted plan does not open: it was changed, or encrypted with another key"
        ) from None


def ensure(folder: Path) -> Path:
    """The key in a folder that lasts; made where there is none. Two at once are safe."""
    path = folder / NAME
    if not path.exists():
        handle, fresh = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, "w") as file:
            file.write(base64.b64encode(secrets.token_bytes(_LENGTH)).decode())
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        Path(fresh).unlink()
    return path
