"""What a relying party brings: a policy, and for each of its signers a key or an identity."""

from __future__ import annotations

import pytest
from slipway.errors import ConfigError, SlipwayError, VerificationError
from slipway.pipeline.relying_party import RelyingParty, verify_release_for
from slipway.policy.document import Signer

from tests.support.fake_dagger import FakeDirectory, FakeFile
from tests.support.fakes import FakeSigner, Reply

from .building import client, pinned, policy, released, tree

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("client_in_memory")]

BUILDERS = ("tag:x,2026:b",)
DEVELOPER = Signer(name="developer", key="embedded", identity="", issuer="", builders=BUILDERS)
TEAM = Signer(name="team", key="keys/team.pub", identity="", issuer="", builders=BUILDERS)
CI = Signer(name="ci", key="", identity="ci@x", issuer="https://x", builders=BUILDERS)


ENGINE = {"key": Reply(stdout="PEM of this engine")}


async def test_the_policy_is_that_of_the_project() -> None:
    assert await RelyingParty(tree=tree()).read_policy() == policy()


async def test_the_policy_that_a_user_gives_takes_its_place() -> None:
    text = tree().files["policy.yaml"].replace("name: dev\n", "name: elsewhere\n")
    given = await RelyingParty(tree=tree(), policy=FakeFile(text)).read_policy()
    assert given.environments[0].name == "elsewhere"


async def test_without_a_policy_nothing_is_enough() -> None:
    with pytest.raises(ConfigError, match=r"there is no policy\.yaml"):
        await RelyingParty(tree=FakeDirectory()).read_policy()


async def test_each_signer_is_verified_with_its_own_key_or_identity() -> None:
    root = FakeFile("root")
    project = FakeDirectory({"keys/team.pub": "PEM of the team"})
    party = RelyingParty(tree=project, trusted_root=root)
    verifiers = await party.verifiers(client(answers=ENGINE), [DEVELOPER, TEAM, CI])
    assert verifiers["developer"].pem == "PEM of this engine"
    assert verifiers["team"].pem == "PEM of the team"
    assert (verifiers["ci"].identity, verifiers["ci"].issuer) == ("ci@x", "https://x")
    assert verifiers["ci"].root is root


async def test_a_key_that_a_user_gives_takes_the_place_of_the_embedded_one() -> None:
    party = RelyingParty(tree=tree(), public_key=FakeFile("PEM of a user"))
    verifiers = await party.verifiers(client(answers={}), [DEVELOPER])
    assert verifiers["developer"].pem == "PEM of a user"


async def test_an_identity_without_a_trusted_root_is_left_out() -> None:
    verifiers = await RelyingParty(tree=tree()).verifiers(client(answers=ENGINE), [CI, DEVELOPER])
    assert list(verifiers) == ["developer"]


async def test_where_no_signer_is_left_a_trusted_root_is_asked_for() -> None:
    with pytest.raises(VerificationError, match="--trusted-root"):
        await RelyingParty(tree=tree()).verifiers(client(answers={}), [CI])


async def test_a_key_that_is_missing_is_named() -> None:
    with pytest.raises(ConfigError, match=r"signer team is missing: keys/team\.pub"):
        await RelyingParty(tree=tree()).verifiers(client(answers={}), [TEAM])


async def test_any_signer_is_the_embedded_key_or_with_a_trusted_root_those_of_the_policy() -> None:
    reader = client(answers=ENGINE)
    (key,) = await RelyingParty(tree=tree()).any_signer(reader)
    assert key.pem == "PEM of this engine"
    party = RelyingParty(tree=tree(), trusted_root=FakeFile("root"))
    assert [each.identity for each in await party.any_signer(reader)] == [
        signer.identity for signer in policy().signers
    ]


async def test_a_release_is_verified_for_an_environment_of_the_policy() -> None:
    registry = await released()
    party = RelyingParty(tree=tree(), public_key=FakeFile(FakeSigner().pem))
    reader = client(registry, {})
    whole = await verify_release_for(reader, pinned(registry, "release"), party, "dev")
    assert whole.environment.name == "dev"
    with pytest.raises(SlipwayError, match="moon"):
        await verify_release_for(reader, pinned(registry, "release"), party, "moon")
