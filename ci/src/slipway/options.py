"""The options of the functions: their types, and the descriptions that `--help` prints.

Every name has two words or more, but for `--release`, `--environment`, `--stage` and `--advisories`: Dagger fills
arguments from a project's .env, where REGISTRY, STATE or POLICY stand for something else (docs/decisions/0017).
"""

from typing import Annotated

import dagger
from dagger import DefaultPath, Doc, Ignore

from .pipeline.job import LOCAL as LOCAL

# What is not uploaded: a project's caches, and what Slipway leaves in it.
IGNORED = [
    ".git",
    "**/.venv",
    "**/__pycache__",
    "**/.*_cache",
    "**/.hypothesis",
    "dist",
    "ci/sdk",
    ".env",
]

# The constructor's: where, who, which policy.
ProjectTree = Annotated[
    dagger.Directory,
    Doc("The project: a directory with slipway.yaml at its root"),
    DefaultPath("/"),
    Ignore(IGNORED),
]
GitDir = Annotated[
    dagger.Directory,
    Doc("The project's .git directory: the commit and its time"),
    DefaultPath("/.git"),
]
ImageLock = Annotated[
    dagger.File | None, Doc('Digests of the tool images: {"python": "…@sha256:…"}')
]
RegistryAddress = Annotated[
    str | None,
    Doc("Where releases are published, as host/path (default: the embedded registry)"),
]
RegistryUser = Annotated[str | None, Doc("The user name for the registry")]
RegistryPassword = Annotated[
    dagger.Secret | None, Doc("The password for the registry, as env://NAME")
]
RegistryService = Annotated[
    dagger.Service | None,
    Doc("A registry that only this machine reaches, as tcp://localhost:5000"),
]
PolicyFile = Annotated[
    dagger.File | None, Doc("The policy to verify against (default: policy.yaml)")
]
PublicKey = Annotated[
    dagger.File | None, Doc("The key that the policy calls embedded (default: this engine's)")
]
TrustedRoot = Annotated[
    dagger.File | None, Doc("Sigstore's trusted_root.json, for keyless signers")
]
StateBackendUrl = Annotated[
    dagger.Secret | None,
    Doc("The PostgreSQL URL of the infrastructure's state, as env://NAME"),
]
PlanKey = Annotated[
    dagger.Secret | None, Doc("64 bytes in base64 that encrypt plans (default: generated)")
]

# Who signs a release.
SigningKey = Annotated[
    dagger.Secret | None, Doc("A cosign private key, as file://cosign.key (default: generated)")
]
SigningKeyPassword = Annotated[
    dagger.Secret | None, Doc("The password of the signing key, as env://NAME")
]
ManagedKey = Annotated[
    str | None, Doc("A key in Vault or a KMS: hashivault://NAME, awskms://…, azurekms://…")
]
SigningIdentity = Annotated[str | None, Doc("Sign keyless, as this signer of policy.yaml")]
SigningCredentials = Annotated[
    dagger.Secret | None,
    Doc("Lines NAME=value for --managed-key and --signing-identity"),
]
SigningConfig = Annotated[
    dagger.File | None, Doc("Sigstore's signing_config.json, for --signing-identity")
]

# The functions'.
Advisories = Annotated[
    dagger.Directory | None, Doc("A local OSV database (default: the public one is queried)")
]
BuilderName = Annotated[
    str, Doc("local, github-actions, gitlab-ci, jenkins or circleci: goes into the provenance")
]
AllowDirty = Annotated[
    bool, Doc("Release a tree that differs from its commit; the release says so")
]
ReleaseReference = Annotated[str, Doc("The release, as registry/repository@sha256:…")]
EnvironmentName = Annotated[str, Doc("The environment of the policy that it is for")]
AsJson = Annotated[bool, Doc("Print JSON (dagger has a --json of its own)")]
ReleaseJson = Annotated[dagger.File, Doc("The release.json that a release left in dist/")]
StageName = Annotated[str, Doc("The stage's name, as reports and errors print it")]
