"""Two runs that publish about the same bits at once: nothing of either is lost."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from slipway.attestations.statements import PROVENANCE, VERDICTS
from slipway.errors import VerificationError
from slipway.formats.fields import Fields
from slipway.policy.case import ATTESTED, Evidence
from slipway.publishing import contended
from slipway.publishing.contended import missing, publish_until_stable
from slipway.publishing.publisher import Subject
from slipway.registries.base import Registry
from slipway.registries.embedded import EmbeddedRegistry
from slipway.runtime.stage import StageRunner
from slipway.runtime.tools import Tools
from slipway.signers.key import KeySigner, public_key
from slipway.signers.verifier import Verifier

from ..support.cases import built, judged, reference, statement
from ..support.forging import Forge
from ..support.releasing import client_at, registry_container, served

pytestmark = [pytest.mark.engine, pytest.mark.anyio, pytest.mark.usefixtures("connection")]
PAIRING = (Path(__file__).parents[1] / "support" / "pairing.py").read_text(encoding="utf-8")
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)


def worst(pairs: int) -> Registry:
    """A registry in which writers of one list meet in the worst moment, so many times."""
    real = registry_container().with_env_variable("PAIRS", str(pairs))
    service = (
        Tools()
        .python()
        .with_new_file("/pairing.py", PAIRING)
        .with_service_binding("real", real.as_service(use_entrypoint=True))
        .with_exposed_port(5000)
        .as_service(args=["python", "/pairing.py", "real:5000", str(pairs)])
    )
    return served(service)


def predicates_of(forge: Forge, kind: str, second: int) -> dict[str, str]:
    """What a run of its own attests: built and judged at another time than by the others."""
    at = NOW + dt.timedelta(seconds=second)
    own: dict[str, Sequence[Any]] = {VERDICTS: [judged(*forge.verdicts(), at=at)]}
    if PROVENANCE in ATTESTED[kind]:
        own[PROVENANCE] = [built(kind, started=at, finished=at)]
    forge.changed = {kind: own}
    return {name: json.dumps(each[0]) for name, each in forge.attestations(kind).items()}


def subject_of(forge: Forge, kind: str, second: int) -> Subject:
    """The artifact, as that run publishes it."""
    return Subject(
        kind=kind,
        layout=forge.artifact(kind).layout(),
        repository=forge.repository(kind),
        attestations=predicates_of(forge, kind, second),
    )


async def both(registry: Registry, kind: str) -> tuple[Evidence, list[Subject]]:
    """What is in the registry after two runs at once, and what the two said."""
    forge = Forge(registry=registry)
    subjects = [subject_of(forge, kind, second) for second in (1, 2)]
    verifier = Verifier(pem=await public_key(Tools(), KeySigner(), StageRunner()))

    async def run(subject: Subject) -> None:
        await publish_until_stable(forge.publisher(), subject, verifier)

    async with anyio.create_task_group() as group:
        for subject in subjects:
            group.start_soon(run, subject)
    found = await forge.client().pull(kind, forge.reference(kind).pinned, verifier)
    return found.evidence, subjects


async def test_07_two_writers_at_once_lose_nothing() -> None:
    registry = worst(4)
    evidence, subjects = await both(registry, "image")
    assert evidence.signed
    assert [missing(each, evidence) for each in subjects] == [None, None]
    assert {name: len(said) for name, said in evidence.statements.items()} == {
        name: 1 if name.endswith("/bom") else 2 for name in ATTESTED["image"]
    }
    # They did meet, each time: without looking again, half of it would be gone.
    box = await registry.connected(client_at(registry).container())
    ask = "import urllib.request as u; print(u.urlopen('http://registry.slipway.localhost:5000/lost').read().decode())"
    assert (await box.with_exec(["python", "-c", ask]).stdout()).strip() == "4"


async def test_07_a_loss_that_comes_back_again_and_again_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(contended, "ROUNDS", 1)
    with pytest.raises(ExceptionGroup) as caught:
        await both(worst(2), "release")
    (told, *_) = caught.value.exceptions
    assert isinstance(told, VerificationError)
    assert "do not stay in the registry" in str(told)


def test_07_a_statement_of_another_run_is_no_substitute() -> None:
    # No engine is asked for this: layouts are folders that nobody looks into.
    forge = Forge(registry=EmbeddedRegistry())
    own, other = (subject_of(forge, "image", second) for second in (1, 2))
    where = reference("image")
    assert where.digest is not None
    said = {
        name: (statement(name, Fields.parse(text, where="").values, where.digest),)
        for name, text in other.attestations.items()
    }
    evidence = Evidence(reference=where, signed=True, statements=said)
    assert missing(other, evidence) is None
    lost = missing(own, evidence)
    assert lost is not None
    assert set(lost.attestations) == {PROVENANCE, VERDICTS}
    assert not lost.signed
    unsigned = missing(other, replace(evidence, signed=False))
    assert unsigned is not None
    assert unsigned.signed
    assert not unsigned.attestations
