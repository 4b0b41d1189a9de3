"""What a relying party brings: a policy, and for each of its signers a key or an identity."""

from __future__ import annotations

import pytest
from slipway.errors import ConfigError, VerificationError
from slipway.pipeline.relying_party import RelyingParty
from slipway.policy.document import Signer

from tests.support.fake_dagger import FakeDirectory, FakeFile

from .building import policy, tree

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("client_in_memory")]

BUILDERS = ("tag:x,2026:b",)
DEVELOPER = Signer(name="developer", key="embedded", identity="", issuer="", builders=BUILDERS)
TEAM = Signer(name="team", key="keys/team.pub", identity="", issuer="", builders=BUILDERS)
CI = Signer(name="ci", key="", identity="ci@x", issuer="https://x", builders=BUILDERS)


async def embedded() -> str:
    """The key of this engine."""
    return "PEM of this engine"


async def test_the_policy_is_that_of_the_project() -> None:
    assert await RelyingParty(tree()).stated() == policy()


async def test_the_policy_that_a_person_gives_takes_its_place() -> None:
    text = tree().files["policy.yaml"].replace("name: dev\n", "name: elsewhere\n")
    stated = await RelyingParty(tree(), policy=FakeFile(text)).stated()
    assert stated.environments[0].name == "elsewhere"


async def test_without_a_policy_nothing_is_enough() -> None:
    with pytest.raises(ConfigError, match=r"there is no policy\.yaml"):
        await RelyingParty(FakeDirectory()).stated()


async def test_each_signer_is_verified_with_its_own_key_or_identity() -> None:
    root = FakeFile("root")
    party = RelyingParty(FakeDirectory({"keys/team.pub": "PEM of the team"}), root=root)
    verifiers = await party.verifiers([DEVELOPER, TEAM, CI], embedded)
    assert verifiers["developer"].pem == "PEM of this engine"
    assert verifiers["team"].pem == "PEM of the team"
    assert (verifiers["ci"].identity, verifiers["ci"].issuer) == ("ci@x", "https://x")
    assert verifiers["ci"].root is root


async def test_an_identity_without_a_root_of_trust_is_left_out() -> None:
    verifiers = await RelyingParty(tree()).verifiers([CI, DEVELOPER], embedded)
    assert list(verifiers) == ["developer"]


async def test_where_nobody_is_left_a_root_of_trust_is_asked_for() -> None:
    with pytest.raises(VerificationError, match="--trusted-root"):
        await RelyingParty(tree()).verifiers([CI], embedded)


async def test_a_key_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match=r"signer team is not there: keys/team\.pub"):
        await RelyingParty(tree()).verifiers([TEAM], embedded)
