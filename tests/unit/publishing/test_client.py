"""A registry client: what is not there is an answer, what is not right is an error."""

from __future__ import annotations

import json

import pytest
from slipway.errors import ContentMismatch, DataError, RegistryError
from slipway.oci.manifests import MANIFEST_LIMIT
from slipway.policy.case import ATTESTED
from slipway.publishing.publisher import Publisher
from slipway.signers.verifier import Verifier

from tests.support.fake_registry import FakeRegistry
from tests.support.fakes import FakeSigner, Reply
from tests.unit.pipeline.building import COMMIT, client, pinned, released

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("client_in_memory")]

VERIFIER = Verifier(pem=FakeSigner().pem)
TAG = f"localhost:5050/screening/release:{COMMIT.sha}"


async def test_a_tag_that_is_not_there_is_left_out() -> None:
    registry = FakeRegistry(tags={"localhost:5050/a:x": "sha256:1"})
    reader = client(registry, {})
    digests = await reader.lookup(["localhost:5050/a:x", "localhost:5050/a:y"])
    assert digests == {"localhost:5050/a:x": "sha256:1"}


async def test_a_registry_that_does_not_answer_is_no_absence() -> None:
    reader = client(FakeRegistry(down=True), {})
    with pytest.raises(RegistryError, match="does not answer"):
        await reader.lookup([TAG])
    with pytest.raises(RegistryError, match="does not answer"):
        await reader.pull("model", "localhost:5050/a@sha256:" + "1" * 64, VERIFIER)


async def test_a_release_is_read_by_the_digest_of_what_was_read() -> None:
    registry = await released()
    reference, content = await client(registry, {}).read_release(TAG)
    assert reference.pinned == pinned(registry, "release")
    assert json.loads(content)["commit"] == COMMIT.sha


@pytest.mark.parametrize(
    ("manifest", "error", "words"),
    [
        ('{"layers": []}', DataError, "one layer, not 0"),
        (" " * (MANIFEST_LIMIT + 1), DataError, "at most are read"),
    ],
)
async def test_a_manifest_that_is_none_of_a_release_is_refused(
    manifest: str, error: type[Exception], words: str
) -> None:
    registry = await released()
    registry.other[pinned(registry, "release")] = manifest
    with pytest.raises(error, match=words):
        await client(registry, {}).read_release(TAG)


async def test_a_manifest_with_another_digest_is_refused() -> None:
    registry = await released()
    registry.other[pinned(registry, "release")] = '{"layers": []}'
    with pytest.raises(ContentMismatch):
        await client(registry, {}).read_release(pinned(registry, "release"))


async def test_content_of_another_digest_is_refused() -> None:
    registry = await released()
    whole = registry.layouts[pinned(registry, "release")]
    for path in whole.files:
        repository = "localhost:5050/screening/release"
        registry.other[f"{repository}@sha256:{path.rpartition('/')[2]}"] = "{}"
    registry.other.pop(pinned(registry, "release"))
    with pytest.raises(ContentMismatch, match="content is another"):
        await client(registry, {}).read_release(TAG)


async def test_what_does_not_verify_is_missing_and_its_error_is_kept() -> None:
    registry = await released()
    stranger = Verifier(pem="PEM of a stranger")
    pulled = await client(registry, {}).pull("model", pinned(registry, "model"), stranger)
    assert not pulled.evidence.signed
    assert not any(pulled.evidence.statements.values())
    assert len(pulled.evidence.errors) == 1 + len(ATTESTED["model"])


@pytest.mark.parametrize(
    ("stderr", "error"),
    [("crane tag: 403 Forbidden", "refuses the credentials"), ("crane tag: odd", "fails: crane tag: odd")],
)  # fmt: skip
async def test_a_tag_that_cannot_be_given_is_an_error(stderr: str, error: str) -> None:
    writer = Publisher(
        client=client(FakeRegistry(), {"tag": Reply(exit_code=4, stderr=stderr)}),
        signer=FakeSigner(),
    )
    with pytest.raises(RegistryError, match=error):
        await writer.tag({TAG: "localhost:5050/a@sha256:1"}, [])
