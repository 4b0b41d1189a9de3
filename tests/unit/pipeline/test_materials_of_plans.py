"""What goes into provenance beside what a release of the reference project has."""

from __future__ import annotations

from dataclasses import replace

import pytest
from slipway.attestations.provenance import PARAMETERS, BuildType
from slipway.config.project import parse
from slipway.iac import engine_names
from slipway.oci.digests import Digest
from slipway.pipeline.materials import declared, of_making, parameters, scanner_data
from slipway.verdicts.verdict import Status, Verdict

from ...support.cases import FACTS
from ..config.test_project import GOOD

SCANS = [
    Verdict(gate="lint", status=Status.PASSED, summary="-", tool="ruff"),
    Verdict(gate="dependencies", status=Status.PASSED, summary="-", tool="osv-scanner",
            data_digest=Digest.of(b"advisories")),
    Verdict(gate="image-vulnerabilities", status=Status.FAILED, summary="-", tool="trivy",
            data_digest=Digest.of(b"flaws")),
]  # fmt: skip


def test_a_lock_of_providers_is_named_where_there_is_one() -> None:
    lock = Digest.of(b"providers")
    found = {each.name: each for each in of_making(replace(FACTS.making, lock=lock))}
    assert set(found) == set(declared(BuildType.PLAN))
    assert found["lock-providers"].digest == {"sha256": lock.hex}
    assert found["lock-providers"].uri == "file:terraform/stacks/local/.terraform.lock.hcl"
    without = of_making(replace(FACTS.making, lock=Digest.of(b"")))
    assert [each.name for each in without] == ["tree", "lock-infrastructure"]


def test_the_data_of_scanners_is_named_where_it_has_a_digest() -> None:
    found = {each.name: each.digest["sha256"] for each in scanner_data(SCANS)}
    assert found == {
        "data-osv-scanner": Digest.of(b"advisories").hex,
        "data-trivy": Digest.of(b"flaws").hex,
    }
    assert set(found) < set(declared(BuildType.IMAGE))


@pytest.mark.parametrize("kind", list(BuildType), ids=lambda kind: kind.name)
def test_each_external_parameter_is_filled(kind: BuildType) -> None:
    chosen = parameters(parse(GOOD, engine_names()), kind.name.lower())
    assert sorted(chosen) == sorted(PARAMETERS[kind])
    assert all(value not in (None, "") for value in chosen.values())
