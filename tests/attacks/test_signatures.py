"""Attacks on what is signed: moved tags, missing signatures, wrong predicates, old scans, other builders, bundles."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dagger import dag
from slipway.attestations.statements import NAMES, PROVENANCE, SBOM, VERDICTS
from slipway.errors import TagConflict
from slipway.oci.digests import Digest
from slipway.policy.case import ATTESTED
from slipway.publishing.publisher import refuse_moved
from slipway.runtime.images import COSIGN
from slipway.runtime.stage import StageRunner
from slipway.runtime.tools import Tools
from slipway.signers.cosign import SIGNATURE
from slipway.signers.key import KeySigner, public_key
from slipway.signers.verifier import Verifier
from slipway.verdicts.verdict import Finding, Severity, Status, Verdict

from ..support.cases import built, judged
from ..support.forging import KINDS, POLICY, Artifact, Forge, suffix

pytestmark = [pytest.mark.engine, pytest.mark.anyio, pytest.mark.usefixtures("connection")]
NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
async def honest() -> Forge:
    """A release with which nothing is wrong: without it, every refusal below would prove nothing."""
    forge = Forge()
    await forge.publish()
    assert await forge.refusals() == {}
    return forge


async def test_01_a_tag_that_moves_changes_nothing_that_was_verified(honest: Forge) -> None:
    forge, reference = honest, honest.reference("release").pinned
    tag = f"{forge.repository('release')}:v1"
    await forge.publisher().tag({tag: reference}, ())
    assert (await forge.verify(tag)).release == reference
    evil = Forge(registry=forge.registry, release={"commit": "b" * 40})
    evil.parts_of(forge, "model", "image", "plan")
    await evil.publish()
    inside = (
        f"{forge.registry.internal(evil.repository('release'))}@{evil.reference('release').digest}"
    )
    await forge.run(["crane", "copy", inside, "{release}:v1"])
    # What was verified by digest is what it was; whoever asks by tag again is told of another release.
    assert (await forge.verify(reference)).ok
    assert "another commit" in str(await forge.refusals(reference=tag))
    found = await forge.client().lookup([tag])
    with pytest.raises(TagConflict):
        refuse_moved(found, {tag: reference})


async def test_02_attestations_are_no_signature() -> None:
    forge = Forge(unsigned=KINDS)
    await forge.publish()
    # cosign alone is content: it takes any bundle of the key for a signature.
    pem = await public_key(Tools(), forge.key, StageRunner())
    image = f"{{image}}@{forge.reference('image').digest}"
    box = Verifier(pem=pem).mounted(forge.client().container())
    command = ["cosign", "verify", *Verifier(pem=pem).options, "--output", "json", image]
    (printed,) = json.loads((await forge.run(command, container=box)).stdout)
    types = {entry["critical"]["type"] for entry in json.loads(printed)}
    assert types
    assert SIGNATURE not in types
    refused = await forge.refusals()
    assert set(refused) == {f"{kind}: signed by developer" for kind in KINDS}
    assert all("no signature" in said for said in refused.values())


def judged_scan(name: str, **changes: Any) -> Verdict:
    """The verdict of a scan of its own name."""
    return Verdict(gate=name, status=Status.PASSED, summary="clean", **changes)


OLD = {
    "old": (judged_scan("old", time=NOW - 8 * DAY), "7 days ago"),
    "old-data": (judged_scan("old-data", data_date=(NOW - 4 * DAY).date()), "older than 3 days"),
    "another": (judged_scan("another", subject=str(Digest.of(b"other"))), "it looked at"),
}


@pytest.fixture(scope="module")
async def forged() -> dict[str, str]:
    """What is refused of a release with one thing off in each artifact, old scans, and one that has not looked."""
    image = built("image", builder_id="tag:slipway,2026:builder/github-actions")
    plan = built("plan")
    plan["buildDefinition"]["externalParameters"]["skip-tests"] = "yes"
    crashed = Verdict(gate="scan", status=Status.NOT_EVALUATED, summary="it crashed")
    forge = Forge(scan=crashed, more=tuple(verdict for verdict, _ in OLD.values()))
    forge.changed = {
        "model": {SBOM: [{"verdicts": []}]},
        "image": {PROVENANCE: [image]},
        "plan": {PROVENANCE: [plan]},
    }
    await forge.publish()
    rule = "{{gate: {}, max-age-days: 7, max-data-age-days: 3}}"
    rules = "".join(f"      - {rule.format(name)}\n" for name in OLD)
    return await forge.refusals(
        policy=POLICY.replace("      - gate: lint\n", f"      - gate: lint\n{rules}", 1)
    )


def test_03_the_right_key_under_a_wrong_predicate(forged: dict[str, str]) -> None:
    assert "bomFormat is missing" in forged["model: SBOM attested"]


@pytest.fixture(scope="module")
async def strange(honest: Forge) -> dict[str, str]:
    """What is refused of a release whose model is a plan, and whose gates judged another commit."""
    forge = Forge(registry=honest.registry)
    forge.parts_of(honest, "image")
    forge.named["model"] = honest.reference("plan")
    other = judged(*forge.verdicts(), commit="b" * 40, at=NOW)
    forge.changed = {"plan": {PROVENANCE: []}, "release": {VERDICTS: [other]}}
    await forge.publish()
    return await forge.refusals()


def test_03_the_right_key_for_another_kind_of_artifact(strange: dict[str, str]) -> None:
    refused = strange
    assert refused["model: application/vnd.cncf.model.manifest.v1+json"].endswith("plan.v1+json")
    assert "another kind" in refused["model: provenance attested"]
    assert "plan: provenance attested" in refused


@pytest.mark.parametrize("name", OLD)
def test_04_a_scan_that_is_too_old_or_of_another_image(forged: dict[str, str], name: str) -> None:
    assert OLD[name][1] in forged[f"release: gate {name}"]


def test_05_a_laptops_key_that_claims_the_builder_of_a_ci(forged: dict[str, str]) -> None:
    assert "not one of developer's" in forged["image: provenance attested"]


def test_06_an_external_parameter_that_nobody_knows(forged: dict[str, str]) -> None:
    assert "unknown field" in forged["plan: provenance attested"]


def test_08_a_scan_that_has_not_looked_lets_no_release_through(forged: dict[str, str]) -> None:
    assert "not evaluated" in forged["release: gate scan below high"]


@pytest.fixture(scope="module")
async def failed(honest: Forge) -> Forge:
    """A release whose scan failed today, and was clean yesterday."""
    flaw = Finding(id="CVE-1", severity=Severity.HIGH, title="a flaw")
    scan = Verdict(gate="scan", status=Status.FAILED, summary="1", findings=(flaw,))
    forge = Forge(registry=honest.registry, scan=scan)
    forge.parts_of(honest, "model", "image", "plan")
    clean = replace(forge, scan=None)
    bad = judged(*forge.verdicts(), at=NOW)
    old = judged(*clean.verdicts(), at=NOW - DAY)
    forge.changed = {"release": {VERDICTS: [bad, old]}}
    await forge.publish()
    return forge


FAILED = {"release: gate scan below high": "failed: CVE-1 a flaw"}


async def test_04_an_old_clean_scan_does_not_hide_the_failed_one_of_today(failed: Forge) -> None:
    assert await failed.refusals() == FAILED


async def test_07_bundles_of_another_artifact(honest: Forge) -> None:
    forge = Forge(registry=honest.registry, changed={"image": {n: [] for n in ATTESTED["image"]}})
    forge.unsigned = ("image",)
    forge.parts_of(honest, "model", "plan")
    await forge.publish()
    source = honest.registry.internal(honest.repository("image"))
    await forge.run(
        ["crane", "copy", f"{source}:{suffix(honest.reference('image'))}",
         f"{{image}}:{suffix(forge.reference('image'))}"]
    )  # fmt: skip
    refused = await forge.refusals()
    assert "image: signed by developer" in refused
    assert {f"image: {name} attested" for name in ("provenance", "SBOM", "verdicts")} <= set(
        refused
    )


PUT = """
import json, sys, urllib.request
base, tag, mode = sys.argv[1:]
asked = urllib.request.Request(f"{base}/manifests/{tag}", headers={"Accept": "application/vnd.oci.image.index.v1+json"})
index = json.load(urllib.request.urlopen(asked))
if mode == "truncated":
    index["manifests"] = index["manifests"][:1]
elif mode == "duplicated":
    index["manifests"] *= 2
else:
    index["manifests"] *= 1000 // len(index["manifests"]) + 1
content = json.dumps(index).encode()
put = urllib.request.Request(f"{base}/manifests/{tag}", data=content, method="PUT",
                             headers={"Content-Type": "application/vnd.oci.image.index.v1+json"})
print(urllib.request.urlopen(put).status, len(index["manifests"]))
"""


async def test_07_the_list_of_bundles_is_changed(honest: Forge) -> None:
    forge = Forge(registry=honest.registry)
    forge.parts_of(honest, "model", "image", "plan")
    await forge.publish()
    inside = forge.registry.internal(forge.repository("release"))
    base = "http://" + inside.replace("/", "/v2/", 1)
    code = PUT.replace("{", "{{").replace("}", "}}")

    async def put(mode: str) -> dict[str, str]:
        tag = suffix(forge.reference("release"))
        await forge.run(["python", "-c", code, base, tag, mode])
        began = dt.datetime.now(dt.UTC)
        refused = await forge.refusals()
        assert dt.datetime.now(dt.UTC) - began < dt.timedelta(seconds=120)
        return refused

    # Each bundle twice is each bundle; a thousand are more than anybody reads; one only is too few.
    assert await put("duplicated") == {}
    told = {"release: verdicts attested", "release: the gates' verdicts"}
    assert set(await put("a thousand")) == told
    assert any(asked.startswith("release: ") for asked in await put("truncated"))


async def keys(count: int) -> list[str]:
    """Private keys of cosign's."""
    made = Tools().tool_container(COSIGN).with_env_variable("COSIGN_PASSWORD", "")
    made = made.with_env_variable("FRESH", uuid.uuid4().hex)
    found = []
    for number in range(count):
        made = made.with_workdir(f"/{number}").with_exec(["cosign", "generate-key-pair"])
        found.append(await made.file(f"/{number}/cosign.key").contents())
    return found


async def test_13_a_new_key_signs_again(tmp_path: Path) -> None:
    # The same bits at the same place, and the same secret by its name: only its content is another.
    path = tmp_path / "cosign.key"
    forge = Forge(key=KeySigner(secret=dag.secret(f"file://{path}")))
    forge.changed = {"release": forge.attestations("release")}

    async def errors() -> Collection[str]:
        verifier = Verifier(pem=await public_key(Tools(), forge.key, StageRunner()))
        reference = forge.reference("release").pinned
        pulled = await forge.client().pull("release", reference, verifier)
        assert pulled.evidence.signed == (not pulled.evidence.errors)
        return set(pulled.evidence.errors)

    first, second = await keys(2)
    path.write_text(first, encoding="utf-8")
    await forge.put("release")
    assert await errors() == set()
    path.write_text(second, encoding="utf-8")
    # Whoever trusts the new key finds nothing yet, and everything afterwards.
    assert await errors() == {"signature", *(NAMES[each] for each in ATTESTED["release"])}
    await forge.put("release")
    assert await errors() == set()


def test_18_an_approval_of_another_release(strange: dict[str, str]) -> None:
    # What lets a release through is what its gates said; what they said of another commit does not.
    for asked in ("verdicts attested", "the gates' verdicts"):
        assert "only for another commit" in strange[f"release: {asked}"]


async def test_18_a_waiver_of_another_release_or_environment(failed: Forge) -> None:
    end = (NOW + DAY).date().isoformat()
    waiver = f"id: CVE-1, gate: scan, reason: not reached, owner: ann, expires: {end}"

    async def refusals(*waivers: str) -> dict[str, str]:
        lines = "".join(f"  - {{{waiver}, {rest}}}\n" for rest in waivers)
        return await failed.refusals(policy=f"{POLICY}waivers:\n{lines}")

    own, other = failed.reference("release").digest, Artifact.of("release", "{}").digest
    strangers = ("environment: staging", f"environment: dev, release: '{other}'")
    assert await refusals(*strangers) == FAILED
    assert await refusals(f"environment: dev, release: '{own}'") == {}
