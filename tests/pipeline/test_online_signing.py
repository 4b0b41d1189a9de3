"""Signing without a key of one's own, against the real servers: an identity, and a key that Vault keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from dagger import dag
from slipway.domain.policy import Signer, parse
from slipway.errors import SigningError
from slipway.proof import gather
from slipway.release import release, verify
from slipway.signers import Identity
from slipway.signing import Trust
from slipway.stage import Journal

from .online import IDENTITY, ISSUER, Sigstore, managed, prepared, vault
from .project import Project, assert_told
from .releasing import desk_at, embedded, run_of

pytestmark = [pytest.mark.engine, pytest.mark.anyio, pytest.mark.usefixtures("connection")]


@pytest.fixture(scope="module")
def sigstore(connection: None) -> Sigstore:  # noqa: ARG001
    """One instance for all tests here."""
    return Sigstore()


async def test_a_release_by_identity(
    sigstore: Sigstore, project: Project, fresh: Callable[[str], str]
) -> None:
    project.named(fresh("identity"))
    run = await run_of(project, desk_at(embedded(), sigstore.identity()))
    made = await release(run, allow_dirty=False)
    print(made.report)
