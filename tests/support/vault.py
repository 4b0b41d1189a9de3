"""Vault as a service of the engine: a key that it makes and keeps."""

from __future__ import annotations

import json
import uuid

import dagger
from slipway.runtime.tools import Tools
from slipway.signers.kms import KmsSigner

from .online import secret, serving

TOKEN = "hush-vault-token-16180"


def vault() -> dagger.Service:
    """Vault in dev mode: unencrypted, in memory, with one token for everything."""
    return serving(
        "vault",
        ["/bin/vault", "server", "-dev", f"-dev-root-token-id={TOKEN}", "-dev-listen-address=0.0.0.0:8200"],
        {"/fresh": uuid.uuid4().hex},
    )  # fmt: skip


def managed(service: dagger.Service, name: str, token: str = TOKEN) -> KmsSigner:
    """A key that Vault's transit engine makes and keeps."""
    return KmsSigner(
        uri=f"hashivault://{name}",
        credentials=secret(f"VAULT_ADDR=http://vault:8200\nVAULT_TOKEN={token}\n"),
        services={"vault": service},
    )


ASK = """
import json, sys, urllib.request
for path, body in json.loads(sys.argv[1]):
    asked = urllib.request.Request("http://vault:8200/v1/" + path, json.dumps(body).encode(), method="POST",
                                   headers={"X-Vault-Token": sys.argv[2]})
    urllib.request.urlopen(asked).read()
"""


async def prepared(service: dagger.Service, name: str) -> None:
    """Have Vault make the key: the transit engine, and an ECDSA key on P-256, which cosign signs with."""
    steps = [
        ("sys/mounts/transit", {"type": "transit"}),
        (f"transit/keys/{name}", {"type": "ecdsa-p256"}),
    ]
    box = Tools().python().with_service_binding("vault", service)
    await box.with_exec(["python", "-c", ASK, json.dumps(steps), TOKEN]).sync()
