"""Attacks on what is signed: moved tags, missing signatures, wrong predicates, old scans, other builders, bundles."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from slipway.domain.digests import Digest
from slipway.domain.policy_rules import ATTESTED
from slipway.domain.statements import PROVENANCE, SBOM, VERDICTS
from slipway.domain.verdicts import Finding, Severity, Status, Verdict
from slipway.errors import TagConflict
from slipway.publish import refuse_moved
from slipway.stage import Journal

from ..unit.domain.cases import bom, built, judged
from .forging import KINDS, POLICY, Artifact, Forge, suffix

pytestmark = [pytest.mark.engine, pytest.mark.anyio, pytest.mark.usefixtures("connection")]
NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
async def honest(connection: None) -> Forge:  # noqa: ARG001
    """A release with which nothing is wrong: without it, every refusal below would prove nothing."""
    forge = Forge()
    await forge.publish()
    assert await forge.refusals() == {}
    return forge


async def test_01_a_tag_that_moves_changes_nothing_that_was_verified() -> None:
    forge = Forge()
    reference = await forge.publish()
    tag = f"{forge.repository('release')}:v1"
    await forge.desk().tag({tag: reference}, Journal())
    assert (await forge.verify(tag)).release == reference
    evil = Forge(registry=forge.registry, release={"commit": "b" * 40})
    await evil.publish()
    inside = (
        f"{forge.registry.inside(evil.repository('release'))}@{evil.reference('release').digest}"
    )
    await forge.run(["crane", "copy", inside, "{release}:v1"])
    # What was verified by digest is what it was; whoever asks by tag again is told of another release.
    assert (await forge.verify(reference)).ok
    assert "another commit" in str(await forge.refusals(reference=tag))
    found = await forge.desk().lookup([tag], Journal())
    with pytest.raises(TagConflict):
        refuse_moved(found, {tag: reference})


@pytest.mark.parametrize("kind", KINDS)
async def test_02_attestations_are_no_signature(kind: str) -> None:
    forge = Forge(unsigned=(kind,))
    await forge.publish()
    # cosign itself is content with any bundle of the key: this is why the type is asked for.
    outcome = await forge.run(["cosign", "tree", f"{{{kind}}}@{forge.reference(kind).digest}"])
    assert "attestation" in outcome.stdout.lower() or outcome.stdout
    refused = await forge.refusals()
    assert list(refused) == [f"{kind}: signed by developer"]
    assert "no signature" in refused[f"{kind}: signed by developer"]


async def test_03_the_right_key_under_a_wrong_predicate_subject_or_kind(honest: Forge) -> None:
    model = Forge(changed={"model": {SBOM: [{"verdicts": []}]}})
    await model.publish()
    assert "model: SBOM attested" in await model.refusals()
    missing = Forge(changed={"plan": {PROVENANCE: []}})
    await missing.publish()
    assert list(await missing.refusals()) == ["plan: provenance attested"]
    kinds = Forge(registry=honest.registry)
    kinds.named = {"model": honest.reference("plan")}
    await kinds.publish()
    refused = await kinds.refusals()
    assert refused["model: application/vnd.cncf.model.manifest.v1+json"].endswith("plan.v1+json")
    assert "another kind" in refused["model: provenance attested"]


@pytest.mark.parametrize(
    ("scan", "why"),
    [
        (Verdict(gate="scan", status=Status.PASSED, summary="-", time=NOW - 8 * DAY), "7 days ago"),
        (
            Verdict(
                gate="scan", status=Status.PASSED, summary="-", data_date=(NOW - 4 * DAY).date()
            ),
            "older than 3 days",
        ),
        (
            Verdict(
                gate="scan", status=Status.PASSED, summary="-", subject=str(Digest.of(b"other"))
            ),
            "it looked at",
        ),
    ],
    ids=["old", "old data", "another image"],
)
async def test_04_a_scan_that_is_too_old_or_of_another_image(scan: Verdict, why: str) -> None:
    forge = Forge(scan=scan)
    await forge.publish()
    assert why in (await forge.refusals())["release: gate scan below high"]


async def test_04_an_old_clean_scan_does_not_hide_the_failed_one_of_today() -> None:
    flaw = Finding(id="CVE-1", severity=Severity.HIGH, title="a flaw")
    forge = Forge(scan=Verdict(gate="scan", status=Status.FAILED, summary="1", findings=(flaw,)))
    clean = Forge(name=forge.name)
    bad = judged(*forge.verdicts(), at=NOW)
    old = judged(*clean.verdicts(), at=NOW - DAY)
    forge.changed = {"release": {VERDICTS: [bad, old]}}
    await forge.publish()
    assert await forge.refusals() == {"release: gate scan below high": "failed: CVE-1 a flaw"}


async def test_05_a_laptops_key_that_claims_the_builder_of_a_ci() -> None:
    said = built("image", builder_id="tag:slipway,2026:builder/github-actions")
    forge = Forge(changed={"image": {PROVENANCE: [said]}})
    await forge.publish()
    assert "not one of developer's" in (await forge.refusals())["image: provenance attested"]


async def test_06_an_external_parameter_that_nobody_knows() -> None:
    said = built("image")
    said["buildDefinition"]["externalParameters"]["skip-tests"] = "yes"
    forge = Forge(changed={"image": {PROVENANCE: [said]}})
    await forge.publish()
    assert "unknown field" in (await forge.refusals())["image: provenance attested"]


async def test_07_bundles_of_another_artifact(honest: Forge) -> None:
    forge = Forge(registry=honest.registry, changed={"image": {n: [] for n in ATTESTED["image"]}})
    forge.unsigned = ("image",)
    await forge.publish()
    source = honest.registry.inside(honest.repository("image"))
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


@pytest.mark.parametrize("mode", ["truncated", "duplicated", "a thousand"])
async def test_07_the_list_of_bundles_is_changed(mode: str) -> None:
    forge = Forge()
    await forge.publish()
    inside = forge.registry.inside(forge.repository("image"))
    base = "http://" + inside.replace("/", "/v2/", 1)
    await forge.run(["python", "-c", PUT.replace("{", "{{").replace("}", "}}"), base,
                     suffix(forge.reference("image")), mode])  # fmt: skip
    began = dt.datetime.now(dt.UTC)
    refused = await forge.refusals()
    assert dt.datetime.now(dt.UTC) - began < dt.timedelta(seconds=120)
    if mode == "truncated":
        assert any(asked.startswith("image: ") for asked in refused)
    elif mode == "duplicated":
        assert refused == {}
    else:
        assert set(refused) <= {f"image: {n} attested" for n in ("provenance", "SBOM", "verdicts")}


async def test_13_a_new_key_signs_again() -> None:
    first, second = Forge(), Forge()
    second.name = first.name
    desk = first.desk()
    made = (
        desk.tools.box("cosign")
        .with_env_variable("COSIGN_PASSWORD", "")
        .with_workdir("/k")
        .with_exec(["cosign", "generate-key-pair"])
    )
    from dagger import dag
    from slipway.signing import Key

    await first.publish()
    text = await made.file("/k/cosign.key").contents()
    second.key = Key(secret=dag.set_secret(f"attack-{first.name}", text))
    # The same bits at the same place: whoever trusts the new key finds nothing yet, and everything afterwards.
    assert "release: signed by developer" in await second.refusals()
    await second.publish()
    assert await second.refusals() == {}


async def test_18_a_waiver_of_another_release_or_environment() -> None:
    flaw = Finding(id="CVE-1", severity=Severity.HIGH, title="a flaw")
    forge = Forge(scan=Verdict(gate="scan", status=Status.FAILED, summary="1", findings=(flaw,)))
    await forge.publish()
    end = (NOW + DAY).date().isoformat()
    waiver = f"id: CVE-1, gate: scan, reason: not reached, owner: ann, expires: {end}"

    def policy(rest: str) -> str:
        return f"{POLICY}waivers:\n  - {{{waiver}, {rest}}}\n"

    own, other = forge.reference("release").digest, Artifact.of("release", "{}").digest
    asked = {"release: gate scan below high": "failed: CVE-1 a flaw"}
    assert await forge.refusals() == asked
    assert await forge.refusals(policy=policy("environment: staging")) == asked
    assert await forge.refusals(policy=policy(f"environment: dev, release: '{other}'")) == asked
    assert await forge.refusals(policy=policy(f"environment: dev, release: '{own}'")) == {}


def test_the_least_bill_of_materials_is_one() -> None:
    assert bom("image")["components"]
    assert json.dumps(built("image"))
