"""What provenance says that an artifact was made of: what docs/build-types.md declares, with its digests."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from slipway.attestations.plan_facts import Making
from slipway.attestations.provenance import BuildType
from slipway.attestations.statements import PROVENANCE
from slipway.oci.digests import Digest
from slipway.pipeline import materials
from slipway.pipeline.catalogue import catalogue
from slipway.pipeline.materials import SHARED, declared, of_making, parameters, scanner_data
from slipway.pipeline.release import make_release
from slipway.runtime.tools import PACKAGE, fingerprint
from slipway.verdicts.verdict import Status, Verdict

from tests.support.fake_registry import FakeRegistry

from .building import COMMIT, DATA, job, pinned, project, released

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("client_in_memory")]

MAKING = Making(
    stack="terraform/stacks/local",
    engine="opentofu",
    version="1.12.6",
    workspace="default",
    tree=Digest.of(b"tree"),
    lock=Digest.of(b"lock"),
)


async def provenance_of(kind: str, registry: FakeRegistry | None = None) -> Any:
    """The predicate that a release attests to an artifact."""
    registry = registry or await released()
    lines = registry.attestations[pinned(registry, kind)]
    (statement,) = (text for _, name, text in lines if name == PROVENANCE)
    return json.loads(statement)["predicate"]


async def dependencies_of(
    kind: str, registry: FakeRegistry | None = None
) -> Mapping[str, Mapping[str, str]]:
    """The digests of what an artifact was made of, by name."""
    found = (await provenance_of(kind, registry))["buildDefinition"]["resolvedDependencies"]
    names = [each["name"] for each in found]
    assert len(names) == len(set(names))
    return {each["name"]: each["digest"] for each in found}


@pytest.mark.parametrize("kind", [BuildType.MODEL, BuildType.IMAGE, BuildType.PLAN])
async def test_an_artifact_is_made_of_what_is_declared(kind: BuildType) -> None:
    names = set(await dependencies_of(kind.name.lower()))
    allowed = {*SHARED, *(image.name for image in catalogue()), *declared(kind)}
    # Data of a scanner is there only where it was at hand as files.
    assert allowed >= names
    assert names >= {name for name in declared(kind) if not name.startswith("data-")}


async def test_the_commit_the_data_and_slipway_stand_there_with_their_digests() -> None:
    found = await dependencies_of("model")
    assert found["source"] == {"gitCommit": COMMIT.sha}
    assert found["data"] == {"sha256": Digest.of(DATA.encode()).hex}
    assert found["slipway"] == {"sha256": fingerprint().removeprefix("sha256:")}
    assert found["lock"] == {"sha256": Digest.of(b"requirements.lock").hex}


async def test_the_builder_and_what_a_person_chose_are_named() -> None:
    said = await provenance_of("plan")
    builder = said["runDetails"]["builder"]
    assert builder["id"] == "tag:slipway,2026:builder/local"
    assert builder["version"] == {"slipway": fingerprint(), "dagger": "v0.0.0"}
    assert said["buildDefinition"]["externalParameters"] == parameters(project(), "plan")


def test_a_stack_without_providers_has_no_lock_of_them() -> None:
    names = [each.name for each in of_making(MAKING)]
    assert names == ["tree", "lock-providers", "lock-infrastructure"]
    without = of_making(replace(MAKING, lock=Digest.of(b"")))
    assert [each.name for each in without] == ["tree", "lock-infrastructure"]


def test_only_data_that_was_at_hand_as_files_has_a_digest() -> None:
    blank = Verdict(gate="dependencies", status=Status.PASSED, summary="x", tool="osv-scanner")
    (found,) = scanner_data([blank, replace(blank, data_digest=Digest.of(b"advisories"))])
    assert found.name == "data-osv-scanner"
    assert found.digest == {"sha256": Digest.of(b"advisories").hex}


async def test_installed_as_a_package_it_has_no_lock_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / "a" / "b"
    (package / "locks").mkdir(parents=True)
    for lock in (PACKAGE / "locks").glob("*.lock"):
        shutil.copy(lock, package / "locks")
    monkeypatch.setattr(materials, "PACKAGE", package)
    registry = FakeRegistry()
    await make_release(job(registry), allow_dirty=False)
    assert "lock-slipway" not in await dependencies_of("image", registry)
