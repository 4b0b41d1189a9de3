"""Publishing until it stays, beside a writer that drops what others wrote."""

from __future__ import annotations

import pytest
from slipway.attestations.statements import SBOM, VERDICTS
from slipway.errors import VerificationError
from slipway.policy.case import ATTESTED
from slipway.publishing import contended
from slipway.publishing.contended import ROUNDS, missing, publish_until_stable
from slipway.publishing.publisher import Publisher, Subject, refuse_moved
from slipway.signers.verifier import Verifier

from tests.support.fake_registry import FakeRegistry
from tests.support.fakes import FakeSigner
from tests.unit.pipeline.building import client, model_layout, runner_of

pytestmark = pytest.mark.anyio

SUBJECT = Subject(
    kind="model",
    layout=model_layout(),
    repository="localhost:5050/screening/model",
    attestations={name: f'{{"of": "{name}"}}' for name in ATTESTED["model"]},
)
VERIFIER = Verifier(pem=FakeSigner().pem)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contended, "_PAUSE", 1)


def publisher(registry: FakeRegistry) -> Publisher:
    """A publisher into a registry in memory."""
    return Publisher(client=client(registry, {}), signer=FakeSigner())


async def test_what_stays_is_published_one_time() -> None:
    alone = publisher(FakeRegistry())
    pulled = await publish_until_stable(alone, SUBJECT, VERIFIER)
    assert runner_of(alone.client).names == ["publish-model", "verify-model"]
    assert pulled.evidence.signed
    assert set(pulled.evidence.statements) == set(SUBJECT.attestations)


@pytest.mark.parametrize("rounds", range(1, ROUNDS))
async def test_what_another_writer_drops_is_published_again(rounds: int) -> None:
    registry = FakeRegistry(drops={"model": rounds})
    beside = publisher(registry)
    pulled = await publish_until_stable(beside, SUBJECT, VERIFIER)
    assert pulled.stage == f"verify-model-{rounds + 1}"
    assert missing(SUBJECT, pulled.evidence) is None
    (lines,) = registry.attestations.values()
    assert len(lines) == len(SUBJECT.attestations)


async def test_only_what_is_gone_is_published_again() -> None:
    registry = FakeRegistry()
    beside = publisher(registry)
    pinned = await beside.publish(SUBJECT)
    registry.attestations[pinned] = [
        line for line in registry.attestations[pinned] if line[1] != SBOM
    ]
    pulled = await beside.client.pull("model", pinned, VERIFIER)
    lost = missing(SUBJECT, pulled.evidence)
    assert lost is not None
    assert (list(lost.attestations), lost.signed) == ([SBOM], False)


async def test_an_attestation_of_another_run_is_not_ours() -> None:
    registry = FakeRegistry()
    beside = publisher(registry)
    pinned = await beside.publish(SUBJECT)
    lines = registry.attestations[pinned]
    lines[:] = [line for line in lines if line[1] != VERDICTS]
    registry.attest(pinned, FakeSigner().pem, VERDICTS, {"of": "another run"})
    pulled = await beside.client.pull("model", pinned, VERIFIER)
    lost = missing(SUBJECT, pulled.evidence)
    assert lost is not None
    assert list(lost.attestations) == [VERDICTS]


async def test_what_never_stays_is_an_error_that_names_it() -> None:
    registry = FakeRegistry(drops={"model": ROUNDS})
    beside = publisher(registry)
    with pytest.raises(VerificationError, match="attestations of the model do not stay") as caught:
        await publish_until_stable(beside, SUBJECT, VERIFIER)
    assert SBOM in caught.value.what
    assert len(runner_of(beside.client).names) == 2 * ROUNDS


async def test_a_signature_that_never_stays_is_named() -> None:
    registry = FakeRegistry(drops={"model": ROUNDS})
    bare = Subject(kind="model", layout=SUBJECT.layout, repository=SUBJECT.repository)
    with pytest.raises(VerificationError, match="the signature"):
        await publish_until_stable(publisher(registry), bare, VERIFIER)


async def test_tags_are_given_in_the_order_asked() -> None:
    registry = FakeRegistry()
    tags = {f"localhost:5050/a/{name}:t": f"localhost:5050/a/{name}@sha256:x" for name in "cab"}
    await publisher(registry).tag(tags, ["verify-model"])
    assert list(registry.tags) == list(tags)


def test_a_tag_that_is_free_or_has_the_same_digest_may_be_given() -> None:
    refuse_moved({"a:t": "sha256:1"}, {"a:t": "a@sha256:1", "b:t": "b@sha256:2"})
