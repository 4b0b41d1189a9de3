"""Verification: what a release has to prove, and the types that only verification makes.

Whoever goes on with an artifact takes a `VerifiedArtifact` or a `VerifiedRelease`, so that no caller has to remember to
ask. No signing key is needed here: a registry client reads.
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import InitVar, dataclass
from typing import Final, TypeVar, final

import dagger

from ..attestations.release import Release, parse_payload
from ..errors import VerificationError
from ..policy.case import Case, Evidence
from ..policy.document import Environment, Policy
from ..policy.rules import evaluate
from ..policy.verification import Verification
from ..publishing.client import PulledArtifact, RegistryClient
from ..runtime.concurrency import concurrently
from ..signers.verifier import Verifier

_Result = TypeVar("_Result")
_VERIFIED: Final = object()
"""Held by this module alone: whoever has it has verified."""


@final
@dataclass(frozen=True, kw_only=True)
class VerifiedArtifact:
    """An artifact whose content, signature and statements were verified: these very bits may be used.

    Made by this module only; anybody else gets a TypeError.
    """

    kind: str
    evidence: Evidence
    layout: dagger.Directory
    stage: str
    verified: InitVar[object]

    def __post_init__(self, verified: object) -> None:
        _refuse_unverified(self, verified)

    @property
    def pinned(self) -> str:
        """The reference by digest."""
        return self.evidence.reference.pinned


@final
@dataclass(frozen=True, kw_only=True)
class VerifiedRelease:
    """A release that proves everything that a policy asks for an environment, with its artifacts by kind.

    Made by this module only; anybody else gets a TypeError.
    """

    release: Release
    environment: Environment
    verification: Verification
    artifacts: Mapping[str, VerifiedArtifact]
    verified: InitVar[object]

    def __post_init__(self, verified: object) -> None:
        _refuse_unverified(self, verified)


class ReleaseRefused(VerificationError):  # noqa: N818 - as in errors
    """A release that does not prove what the policy asks; `verification` is the whole answer."""

    def __init__(self, verification: Verification) -> None:
        super().__init__(verification.to_text())
        self.verification = verification

    def as_json(self) -> VerificationError:
        """The same refusal, told for machines."""
        return VerificationError(self.verification.to_json())


def _refuse_unverified(value: object, verified: object) -> None:
    if verified is not _VERIFIED:
        raise TypeError(f"{type(value).__name__} is made by verification only")


async def verify_release(
    client: RegistryClient,
    reference: str,
    policy: Policy,
    environment: Environment,
    verifiers: Mapping[str, Verifier],
) -> VerifiedRelease:
    """Ask of a release all that a policy asks for an environment, of each of its signers in turn.

    `verifiers` check the signatures of the signers, by name.

    Raises ReleaseRefused where no signer's evidence is enough, VerificationError where there is no signer to ask.
    """
    # 1 Read what the release names: itself and three artifacts, each by digest.
    release, pinned = await read_release(client, reference)
    refused: list[Verification] = []
    for signer in policy.signers_of(environment):
        if signer.name not in verifiers:
            continue
        # 2 Pull each artifact with what this signer signed of it.
        pulled = await pull_all(client, pinned, verifiers[signer.name])
        # 3 Ask the policy.
        case = Case(
            policy=policy,
            environment=environment,
            signer=signer,
            release=release,
            evidence={kind: each.evidence for kind, each in pulled.items()},
            now=dt.datetime.now(dt.UTC),
        )
        verification = evaluate(case)
        # 4 The first signer under whom all of it holds is enough.
        if verification.ok:  # refusal 11h
            return VerifiedRelease(
                release=release,
                environment=environment,
                verification=verification,
                artifacts={kind: _artifact(each) for kind, each in pulled.items()},
                verified=_VERIFIED,
            )
        refused.append(verification)
    # 5 Nobody's: the answer of whom the least is missing.
    raise _refusal(refused, environment)


def _refusal(refused: Sequence[Verification], environment: Environment) -> VerificationError:
    if not refused:
        return VerificationError(
            f"no signer of the environment {environment.name} can be verified",
            where="policy.yaml",
            remedy="Pass --public-key or --trusted-root",
        )
    return ReleaseRefused(min(refused, key=lambda each: sum(not check.ok for check in each.checks)))


async def read_release(client: RegistryClient, reference: str) -> tuple[Release, Mapping[str, str]]:
    """What the release artifact behind a reference names: itself and the other three, each by digest. Not verified."""
    itself, content = await client.read_release(reference)
    release = parse_payload(content)
    return release, {
        "release": itself.pinned,
        "model": release.model.pinned,
        "image": release.image.pinned,
        "plan": release.plan.pinned,
    }


async def pull_all(
    client: RegistryClient, pinned: Mapping[str, str], verifier: Verifier
) -> Mapping[str, PulledArtifact]:
    """Pull several artifacts, by kind, side by side."""
    return await _by_kind(pinned, lambda kind: client.pull(kind, pinned[kind], verifier))


async def verify_artifact(
    client: RegistryClient,
    kind: str,
    pinned: str,
    verifier: Verifier,
    *,
    types: Sequence[str] | None = None,
    stage: str = "",
    gated_by: Sequence[str] = (),
) -> VerifiedArtifact:
    """Pull an artifact by digest and verify it: content, signature, each attestation of its kind (or of `types`).

    Raises VerificationError where something of it is missing, RegistryError where the registry does not answer.
    """
    return verified(
        await client.pull(kind, pinned, verifier, types=types, stage=stage, gated_by=gated_by)
    )


async def verify_artifacts(
    client: RegistryClient, pinned: Mapping[str, str], verifier: Verifier
) -> Mapping[str, VerifiedArtifact]:
    """`verify_artifact` for several artifacts, by kind, side by side."""
    return await _by_kind(
        pinned, lambda kind: verify_artifact(client, kind, pinned[kind], verifier)
    )


async def _by_kind(
    kinds: Iterable[str], ask: Callable[[str], Awaitable[_Result]]
) -> Mapping[str, _Result]:
    """What is asked for each of several kinds, side by side, by kind."""
    asked = tuple(kinds)
    return dict(zip(asked, await concurrently(*map(ask, asked)), strict=True))


async def first_verifier(
    client: RegistryClient, kind: str, pinned: str, verifiers: Sequence[Verifier]
) -> Verifier:
    """The first of several verifiers under whom an artifact verifies; raises the VerificationError of the last."""
    error = VerificationError("there is nobody to verify with", where=pinned)
    for verifier in verifiers:
        try:
            await verify_artifact(client, kind, pinned, verifier)
        except VerificationError as refusal:
            error = refusal
        else:
            return verifier
    raise error


def verified(pulled: PulledArtifact) -> VerifiedArtifact:
    """A pulled artifact that nothing is missing of; raises VerificationError where something is."""
    evidence = pulled.evidence
    for what, error in evidence.errors.items():
        raise VerificationError(
            f"the {pulled.kind} does not verify: {what}: {error}",
            where=evidence.reference.pinned,
            remedy="Do not use it; check that --public-key is the key it was signed with",
        )
    strangers = [
        statement.subject
        for each in evidence.statements.values()
        for statement in each
        if statement.subject != evidence.reference.digest
    ]
    if strangers:
        raise VerificationError(
            f"the {pulled.kind} does not verify: a statement about another artifact, {strangers[0]}",
            where=evidence.reference.pinned,
            remedy="Do not use it",
        )
    return _artifact(pulled)


def _artifact(pulled: PulledArtifact) -> VerifiedArtifact:
    return VerifiedArtifact(
        kind=pulled.kind,
        evidence=pulled.evidence,
        layout=pulled.layout,
        stage=pulled.stage,
        verified=_VERIFIED,
    )
