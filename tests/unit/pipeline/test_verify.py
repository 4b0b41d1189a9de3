"""Verification: each signer in turn, all of it or nothing, and types that nobody else can make."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from slipway.errors import ContentMismatch, RegistryError, VerificationError, flatten
from slipway.pipeline.release import make_release
from slipway.pipeline.verify import (
    ReleaseRefused,
    VerifiedArtifact,
    VerifiedRelease,
    first_verifier,
    verified,
    verify_artifact,
    verify_artifacts,
    verify_release,
)
from slipway.policy.case import ATTESTED
from slipway.publishing.client import RegistryClient
from slipway.signers.verifier import Verifier

from tests.support.fake_dagger import FakeFile
from tests.support.fake_registry import FakeRegistry
from tests.support.fakes import FakeSigner

from .building import COMMIT, client, job, pinned, policy, released, runner_of

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("client_in_memory")]

DEVELOPER = Verifier(pem=FakeSigner().pem)
STRANGER = Verifier(pem="PEM of a stranger")
CI = policy().signers[1]
WORKFLOW = Verifier(identity=CI.identity, issuer=CI.issuer, root=FakeFile("root"))
DEV = policy().environment("dev")
RELEASE = f"localhost:5050/screening/release:{COMMIT.sha}"


async def reading() -> tuple[RegistryClient, FakeRegistry]:
    """A registry with a release in it, and a client that has read nothing yet."""
    registry = await released()
    return client(registry, {}), registry


async def test_a_release_verifies_under_the_policy_of_the_reference_project() -> None:
    reader, registry = await reading()
    whole = await verify_release(reader, RELEASE, policy(), DEV, {"developer": DEVELOPER})
    assert whole.verification.ok
    assert whole.release.commit == COMMIT.sha
    assert {kind: each.pinned for kind, each in whole.artifacts.items()} == {
        kind: pinned(registry, kind) for kind in ATTESTED
    }


async def test_it_stops_at_the_first_signer_under_whom_all_holds() -> None:
    reader, _ = await reading()
    whole = await verify_release(
        reader, RELEASE, policy(), DEV, {"developer": DEVELOPER, "ci": WORKFLOW}
    )
    assert {check.signer for check in whole.verification.checks} == {"developer"}
    assert runner_of(reader).names.count("verify-model") == 1


async def test_the_next_signer_is_tried_where_the_first_has_not_signed() -> None:
    registry = FakeRegistry()
    workflow = replace(job(registry), builder="github-actions")
    await make_release(workflow, allow_dirty=False)
    for artifact in registry.signers:
        registry.signers[artifact] = {CI.identity}
        lines = registry.attestations[artifact]
        lines[:] = [(CI.identity, name, text) for _, name, text in lines]
    reader = client(registry, {})
    whole = await verify_release(
        reader, RELEASE, policy(), DEV, {"developer": DEVELOPER, "ci": WORKFLOW}
    )
    assert {check.signer for check in whole.verification.checks} == {"ci"}
    assert runner_of(reader).names.count("verify-model") == 2


@pytest.mark.parametrize(
    ("order", "least"),
    [
        ({"developer": STRANGER, "ci": WORKFLOW}, "ci"),
        ({"developer": DEVELOPER, "ci": WORKFLOW}, "developer"),
    ],
)
async def test_of_several_refusals_it_gives_the_one_that_misses_least(
    order: dict[str, Verifier], least: str
) -> None:
    reader, registry = await reading()
    # The developer lacks one signature, the workflow has that of one artifact.
    registry.signers[pinned(registry, "plan")] = {CI.identity}
    with pytest.raises(ReleaseRefused) as caught:
        await verify_release(reader, RELEASE, policy(), DEV, order)
    assert {check.signer for check in caught.value.verification.checks} == {least}


async def test_a_signer_without_a_verifier_is_never_used() -> None:
    reader, _ = await reading()
    with pytest.raises(ReleaseRefused) as caught:
        await verify_release(reader, RELEASE, policy(), DEV, {"ci": WORKFLOW})
    assert {check.signer for check in caught.value.verification.checks} == {"ci"}


@pytest.mark.parametrize("verifiers", [{}, {"a stranger to the policy": DEVELOPER}])
async def test_with_no_signer_to_verify_it_is_refused(verifiers: dict[str, Verifier]) -> None:
    reader, _ = await reading()
    with pytest.raises(VerificationError, match="no signer of the environment dev"):
        await verify_release(reader, RELEASE, policy(), DEV, verifiers)


async def test_a_signer_of_another_environment_is_never_used() -> None:
    reader, _ = await reading()
    prod = policy().environment("prod")
    with pytest.raises(VerificationError, match="no signer of the environment prod"):
        await verify_release(reader, RELEASE, policy(), prod, {"developer": DEVELOPER})


async def test_a_refusal_is_told_to_people_and_to_machines() -> None:
    reader, registry = await reading()
    registry.signers.clear()
    with pytest.raises(ReleaseRefused) as caught:
        await verify_release(reader, RELEASE, policy(), DEV, {"developer": DEVELOPER})
    assert "REFUSED" in str(caught.value)
    assert '"verified": false' in str(caught.value.as_json())


async def test_a_release_that_is_not_there_is_no_refusal() -> None:
    reader = client(FakeRegistry(), {})
    with pytest.raises(RegistryError, match="has no such artifact"):
        await verify_release(reader, RELEASE, policy(), DEV, {"developer": DEVELOPER})


async def test_a_registry_that_lies_about_a_digest_is_refused() -> None:
    reader, registry = await reading()
    itself = pinned(registry, "release")
    registry.other[itself] = '{"layers": []}'
    with pytest.raises(ContentMismatch, match="answers with sha256"):
        await verify_release(reader, itself, policy(), DEV, {"developer": DEVELOPER})


async def test_an_artifact_verifies_with_all_that_its_kind_has_to_have() -> None:
    reader, registry = await reading()
    plan = await verify_artifact(reader, "plan", pinned(registry, "plan"), DEVELOPER)
    assert (plan.kind, plan.pinned, plan.stage) == (
        "plan", pinned(registry, "plan"), "verify-plan",
    )  # fmt: skip
    assert plan.layout is registry.layouts[plan.pinned]


@pytest.mark.parametrize("lost", ["signature", "attestation", "content"])
async def test_an_artifact_that_lacks_something_is_refused(lost: str) -> None:
    reader, registry = await reading()
    model = pinned(registry, "model")
    if lost == "signature":
        registry.signers[model].clear()
    elif lost == "attestation":
        del registry.attestations[model][0]
    else:
        registry.corrupt.add(model)
    with pytest.raises(VerificationError, match="the model does not verify"):
        await verify_artifact(reader, "model", model, DEVELOPER)


async def test_a_statement_about_another_artifact_is_refused() -> None:
    reader, registry = await reading()
    model, image = pinned(registry, "model"), pinned(registry, "image")
    registry.attestations[model] += registry.attestations[image]
    with pytest.raises(VerificationError, match="a statement about another artifact"):
        await verify_artifact(reader, "model", model, DEVELOPER)


async def test_all_artifacts_that_do_not_verify_are_named() -> None:
    reader, registry = await reading()
    registry.signers.clear()
    wanted = {kind: pinned(registry, kind) for kind in ATTESTED}
    with pytest.raises(ExceptionGroup) as caught:
        await verify_artifacts(reader, wanted, DEVELOPER)
    assert [str(leaf).split()[1] for leaf in flatten(caught.value)] == list(ATTESTED)


@pytest.mark.parametrize(
    ("verifiers", "works"),
    [([DEVELOPER], True), ([STRANGER, DEVELOPER], True), ([STRANGER], False), ([], False)],
)
async def test_the_first_verifier_is_one_under_whom_it_verifies(
    verifiers: Sequence[Verifier], works: bool
) -> None:
    reader, registry = await reading()
    wanted = pinned(registry, "release")
    if works:
        assert await first_verifier(reader, "release", wanted, verifiers) == DEVELOPER
        return
    with pytest.raises(VerificationError):
        await first_verifier(reader, "release", wanted, verifiers)


async def verified_things() -> tuple[VerifiedRelease, VerifiedArtifact]:
    """A release and an artifact that were verified."""
    reader, _ = await reading()
    whole = await verify_release(reader, RELEASE, policy(), DEV, {"developer": DEVELOPER})
    return whole, whole.artifacts["plan"]


async def test_nobody_else_makes_what_was_verified() -> None:
    for thing in await verified_things():
        kind: Any = type(thing)
        fields = dict(vars(thing))
        with pytest.raises(TypeError):
            kind(**fields)
        for key in (True, None, object(), thing):
            with pytest.raises(TypeError, match="is made by verification only"):
                kind(**fields, verified=key)


async def test_what_was_verified_cannot_be_changed() -> None:
    for thing in await verified_things():
        name = dataclasses.fields(thing)[0].name
        change: dict[str, Any] = {name: "another"}
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(thing, name, "another")
        with pytest.raises(ValueError, match="must be specified with replace"):
            dataclasses.replace(thing, **change)
        with pytest.raises(TypeError, match="is made by verification only"):
            dataclasses.replace(thing, **change, verified=True)
        copied: Any = copy.copy(thing)
        assert vars(copied) == vars(thing)
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(copied, name, "another")


async def test_a_pulled_artifact_is_not_verified_by_its_name() -> None:
    reader, registry = await reading()
    registry.signers.clear()
    pulled = await reader.pull("model", pinned(registry, "model"), DEVELOPER)
    with pytest.raises(VerificationError):
        verified(pulled)
