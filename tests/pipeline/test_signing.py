"""Keys: the embedded one, a person's own, one with the wrong password, and what is no key."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from dagger import dag
from slipway.errors import SigningError, VerificationError
from slipway.pipeline.verify import verify_artifact
from slipway.publishing.publisher import Subject
from slipway.runtime.images import COSIGN
from slipway.runtime.stage import StageRunner
from slipway.runtime.tools import Tools
from slipway.signers.key import KeySigner, public_key
from slipway.signers.verifier import Verifier

from ..support.project import Project, assert_told, last_error
from ..support.releasing import client_at, embedded, publisher_at, tags_of

pytestmark = [pytest.mark.engine, pytest.mark.anyio, pytest.mark.usefixtures("connection")]
PASSWORD = "long-enough-3141"
SBOM = "https://cyclonedx.org/bom"
PREDICATE = "tag:slipway,2026:verdicts/v1"


@pytest.fixture(scope="module")
async def pair() -> tuple[str, str]:
    """A private key with a password, and its public key."""
    made = (
        Tools()
        .tool_container(COSIGN)
        .with_env_variable("COSIGN_PASSWORD", PASSWORD)
        .with_workdir("/keys")
        .with_exec(["cosign", "generate-key-pair"])
    )
    return (
        await made.file("/keys/cosign.key").contents(),
        await made.file("/keys/cosign.pub").contents(),
    )


def key_of(text: str, password: str | None) -> KeySigner:
    """A person's key."""
    given = None
    if password is not None:
        given = dag.set_secret(f"test-key-password-{uuid.uuid4().hex}", password)
    return KeySigner(secret=dag.set_secret(f"test-key-{uuid.uuid4().hex}", text), password=given)


async def public(key: KeySigner) -> str:
    """The public key, asked for anew."""
    return await public_key(Tools(), key, StageRunner())


async def test_the_embedded_key_stays_the_same() -> None:
    first = await public(KeySigner())
    assert first.startswith("-----BEGIN PUBLIC KEY-----")
    assert await public(KeySigner()) == first


async def test_a_key_opens_with_its_password(pair: tuple[str, str]) -> None:
    assert await public(key_of(pair[0], PASSWORD)) == pair[1]


@pytest.mark.parametrize("password", ["wrong-2718", "", None], ids=["wrong", "empty", "none"])
async def test_a_key_with_the_wrong_password_is_refused(
    pair: tuple[str, str], password: str | None
) -> None:
    with pytest.raises(SigningError) as caught:
        await public(key_of(pair[0], password))
    assert_told(str(caught.value), "key", "--signing-key-password")
    assert not password or password not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["no key at all\n", "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n", "\n"],
    ids=["text", "cut off", "empty"],
)
async def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(SigningError) as caught:
        await public(key_of(text, PASSWORD))
    assert_told(str(caught.value), "key", "cosign generate-key-pair")


async def published(name: str, key: KeySigner) -> str:
    """A small artifact, pushed, signed and attested; gives its digest reference."""
    publisher = publisher_at(embedded(), key)
    content = dag.directory().with_new_file("release.json", "{}")
    layout = (
        Tools()
        .assembler()
        .with_directory("/in", content)
        .with_exec(
            ["python", "-m", "slipway.steps.assemble", "release", "--file", "/in/release.json",
             "--output", "/layout"]
        )
        .directory("/layout")
    )  # fmt: skip
    subject = Subject(
        kind="release",
        layout=layout,
        repository=publisher.client.registry.repository(name, "release"),
        attestations={PREDICATE: '{"verdicts": []}'},
    )
    return await publisher.publish(subject)


async def test_a_signature_holds_for_its_own_key_only(pair: tuple[str, str]) -> None:
    name = f"signed-{uuid.uuid4().hex[:10]}"
    pinned = await published(name, key_of(pair[0], PASSWORD))
    client = client_at(embedded())
    verifier = Verifier(pem=pair[1])
    found = await verify_artifact(client, "release", pinned, verifier, types=[PREDICATE])
    assert found.evidence.signed
    assert len(found.evidence.statements[PREDICATE]) == 1
    other = Verifier(pem=await public(KeySigner()))
    with pytest.raises(VerificationError) as caught:
        await verify_artifact(client, "release", pinned, other, types=[PREDICATE])
    assert_told(str(caught.value), "release", pinned, "does not verify")


async def test_an_attestation_that_is_not_there_is_missed(pair: tuple[str, str]) -> None:
    name = f"attested-{uuid.uuid4().hex[:10]}"
    pinned = await published(name, key_of(pair[0], PASSWORD))
    client = client_at(embedded())
    with pytest.raises(VerificationError) as caught:
        await verify_artifact(client, "release", pinned, Verifier(pem=pair[1]), types=[SBOM])
    assert_told(str(caught.value), "release", pinned)


async def test_dagger_call_with_the_wrong_key_password_publishes_nothing_and_keeps_it_secret(
    pair: tuple[str, str], project: Project, fresh: Callable[[str], str], tmp_path: Path
) -> None:
    project.named(fresh("key"))
    (tmp_path / "cosign.key").write_text(pair[0], encoding="utf-8")
    done = project.call(
        "release", "--signing-key", f"file://{tmp_path}/cosign.key", "--signing-key-password", "env://SECRET", "report",
        environment={"SECRET": "wrong-2718-hush"},
    )  # fmt: skip
    assert_told(last_error(done), "--signing-key-password")
    assert done.stdout == ""
    for secret in ("wrong-2718-hush", *pair[0].splitlines()[1:-1]):
        assert secret not in done.stderr
    assert await tags_of(project, client_at(embedded())) == {}
