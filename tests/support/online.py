"""Sigstore's own servers, each as a service of the engine: what signs where nobody holds a key.

Fulcio with a certificate authority of our own, TesseraCT as its log of certificates, Rekor with a log on its disk, a
timestamp authority; and an issuer of tokens that answers as the one of GitHub Actions does. No internet is asked.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import dataclass, field
from functools import cached_property

import dagger
import yaml
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from dagger import dag
from slipway.runtime.images import COSIGN
from slipway.runtime.tools import Tools
from slipway.signers.keyless import KeylessSigner

from .authority import Authority, pem, public, text, traditional

IMAGES = {
    "fulcio": ("ghcr.io/sigstore/fulcio:v1.8.8", 5555),
    "rekor": ("ghcr.io/sigstore/rekor-tiles/posix:v2.3.0", 3000),
    "tsa": ("ghcr.io/sigstore/timestamp-server:v2.1.3", 3004),
    "ctlog": ("ghcr.io/transparency-dev/tesseract/posix:v0.1.1", 6962),
    "vault": ("docker.io/hashicorp/vault:1.21.2", 8200),
}
ISSUER = "http://issuer:8080"
WORKFLOW = "slipway/slipway/.github/workflows/slipway.yml@refs/heads/main"
IDENTITY = f"https://github.com/{WORKFLOW}"
# What the issuer says of a job, as GitHub's does (docs.github.com, "OpenID Connect reference").
CLAIMS = {
    "sub": "repo:slipway/slipway:ref:refs/heads/main",
    "job_workflow_ref": WORKFLOW,
    "workflow_ref": WORKFLOW,
    "event_name": "push",
    "repository": "slipway/slipway",
    "repository_owner": "slipway",
    "ref": "refs/heads/main",
    "sha": "a" * 40,
    "run_id": "1",
    "run_attempt": "1",
}
FULCIO = {
    "oidc-issuers": {
        ISSUER: {
            "issuer-url": ISSUER,
            "client-id": "sigstore",
            "type": "ci-provider",
            "ci-provider": "github-workflow",
        }
    },
    # Of Fulcio's own config/identity/config.yaml what these claims fill.
    "ci-issuer-metadata": {
        "github-workflow": {
            "default-template-values": {"url": "https://github.com"},
            "extension-templates": {
                "build-signer-uri": "{{ .url }}/{{ .job_workflow_ref }}",
                "source-repository-uri": "{{ .url }}/{{ .repository }}",
                "source-repository-digest": "sha",
                "source-repository-ref": "ref",
            },
            "subject-alternative-name-template": "{{ .url }}/{{ .job_workflow_ref }}",
        }
    },
}
# Answers a job's request for a token, if it has the job's own secret, and tells Fulcio the key that it signs with.
ISSUING = """
import http.server, json, sys, time
import jwt
from jwt.algorithms import RSAAlgorithm
URL, SECRET = sys.argv[1:]
KEY = open("/issuer.pem").read()
CLAIMS = json.load(open("/claims.json"))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/.well-known/openid-configuration":
            self.answer({"issuer": URL, "jwks_uri": URL + "/keys", "authorization_endpoint": URL + "/auth",
                         "token_endpoint": URL + "/token", "response_types_supported": ["id_token"],
                         "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"]})
        elif path == "/keys":
            public = RSAAlgorithm(RSAAlgorithm.SHA256).prepare_key(KEY).public_key()
            self.answer({"keys": [{**RSAAlgorithm.to_jwk(public, as_dict=True), "kid": "1", "alg": "RS256"}]})
        elif self.headers.get("Authorization", "").lower() == "bearer " + SECRET:
            now = int(time.time())
            claims = {**CLAIMS, "iss": URL, "aud": "sigstore", "iat": now, "nbf": now, "exp": now + 300}
            self.answer({"value": jwt.encode(claims, KEY, "RS256", headers={"kid": "1"})})
        else:
            self.send_error(401)
    def answer(self, content):
        text = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""


def secret(text: str) -> dagger.Secret:
    """A secret of the engine."""
    return dag.set_secret(f"online-{uuid.uuid4().hex}", text)


@dataclass
class Sigstore:
    """One instance of Sigstore with keys of its own."""

    job: str = field(default_factory=lambda: uuid.uuid4().hex)
    authority: Authority = field(default_factory=lambda: Authority("fulcio"))
    stamps: Authority = field(default_factory=lambda: Authority("stamps"))
    certified: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    stamping: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    logged: ed25519.Ed25519PrivateKey = field(default_factory=ed25519.Ed25519PrivateKey.generate)

    @cached_property
    def chain(self) -> str:
        """The timestamp authority's certificates."""
        leaf = self.stamps.issue("tsa", self.stamping, ExtendedKeyUsageOID.TIME_STAMPING)
        return text(leaf, self.stamps.certificate)

    @cached_property
    def issuer(self) -> dagger.Service:
        """Who gives tokens to jobs."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return (
            Tools()
            .tool_container(locked="signing")
            .with_new_file("/issuer.py", ISSUING)
            .with_new_file("/issuer.pem", pem(key))
            .with_new_file("/claims.json", json.dumps(CLAIMS))
            .with_exposed_port(8080)
            .as_service(args=["python", "/issuer.py", ISSUER, self.job])
        )

    @cached_property
    def services(self) -> dict[str, dagger.Service]:
        """Every server by the name that steps call it."""
        ctlog = serving(
            "ctlog",
            ["/ko-app/posix", "--private_key=/log.pem", "--origin=ctlog", "--storage_dir=/log",
             "--roots_pem_file=/root.pem", "--http_endpoint=0.0.0.0:6962", "--ext_key_usages=CodeSigning"],
            {"/log.pem": traditional(self.certified), "/root.pem": text(self.authority.certificate)},
        )  # fmt: skip
        fulcio = serving(
            "fulcio",
            ["/usr/local/bin/fulcio-server", "serve", "--port=5555", "--grpc-port=5554", "--ca=fileca",
             "--fileca-cert=/root.pem", "--fileca-key=/root.key", "--fileca-key-passwd=fulcio",
             "--ct-log-url=http://ctlog:6962", "--config-path=/fulcio.yaml"],
            {"/root.pem": text(self.authority.certificate),
             "/root.key": traditional(self.authority.key, b"fulcio"), "/fulcio.yaml": yaml.safe_dump(FULCIO)},
            issuer=self.issuer, ctlog=ctlog,
        )  # fmt: skip
        rekor = serving(
            "rekor",
            ["/usr/local/bin/rekor-server", "serve", "--http-address=0.0.0.0", "--grpc-address=0.0.0.0",
             "--hostname=rekor", "--storage-dir=/log", "--signer-filepath=/log.pem",
             "--checkpoint-interval=500ms"],
            {"/log.pem": pem(self.logged)},
        )  # fmt: skip
        tsa = serving(
            "tsa",
            ["/usr/local/bin/timestamp-server", "serve", "--host=0.0.0.0", "--port=3004",
             "--timestamp-signer=file", "--file-signer-key-path=/tsa.key",
             "--certificate-chain-path=/tsa.pem", "--disable-ntp-monitoring"],
            {"/tsa.key": pem(self.stamping), "/tsa.pem": self.chain},
        )  # fmt: skip
        return {"fulcio": fulcio, "rekor": rekor, "tsa": tsa, "issuer": self.issuer}

    @cached_property
    def files(self) -> dagger.Directory:
        """signing-config.json and trusted-root.json, as cosign makes them of a private instance."""
        since = f"start-time={(dt.datetime.now(dt.UTC) - dt.timedelta(days=1)):%Y-%m-%dT%H:%M:%SZ}"
        served = f"{since},operator=slipway"
        return (
            Tools()
            .tool_container(COSIGN)
            .with_directory("/made", dag.directory())
            .with_new_file("/fulcio.pem", text(self.authority.certificate))
            .with_new_file("/tsa.pem", self.chain)
            .with_new_file("/ctlog.pub", public(self.certified))
            .with_new_file("/rekor.pub", public(self.logged))
            .with_exec(
                ["cosign", "trusted-root", "create", "--out=/made/trusted-root.json",
                 "--fulcio=url=http://fulcio:5555,certificate-chain=/fulcio.pem",
                 f"--rekor=url=http://rekor:3000,public-key=/rekor.pub,{since},origin=rekor",
                 f"--ctfe=url=http://ctlog:6962,public-key=/ctlog.pub,{since}",
                 "--tsa=url=http://tsa:3004/api/v1/timestamp,certificate-chain=/tsa.pem"]
            )
            .with_exec(
                ["cosign", "signing-config", "create", "--out=/made/signing-config.json",
                 f"--fulcio=url=http://fulcio:5555,api-version=1,{served}",
                 f"--rekor=url=http://rekor:3000,api-version=2,{served}", "--rekor-config=ANY",
                 f"--oidc-provider=url={ISSUER},api-version=1,{served}",
                 f"--tsa=url=http://tsa:3004/api/v1/timestamp,api-version=1,{served}", "--tsa-config=ANY"]
            )
            .directory("/made")
        )  # fmt: skip

    def identity(self, credentials: str | None = None) -> KeylessSigner:
        """A job of the workflow, as it signs."""
        lines = (
            "GITHUB_ACTIONS=true\n"
            f"ACTIONS_ID_TOKEN_REQUEST_URL={ISSUER}/token?job=1\n"
            f"ACTIONS_ID_TOKEN_REQUEST_TOKEN={self.job}\n"
        )
        return KeylessSigner(
            identity=IDENTITY,
            issuer=ISSUER,
            credentials=secret(lines if credentials is None else credentials),
            config=self.files.file("signing-config.json"),
            root=self.files.file("trusted-root.json"),
            services=self.services,
        )


def serving(
    name: str, args: list[str], files: dict[str, str], **bound: dagger.Service
) -> dagger.Service:
    """A server with its files, and what it asks in turn."""
    image, port = IMAGES[name]
    container = dag.container().from_(image).with_directory("/log", dag.directory())
    for path, content in files.items():
        container = container.with_new_file(path, content)
    for alias, service in bound.items():
        container = container.with_service_binding(alias, service)
    return container.with_exposed_port(port).as_service(args=args)
