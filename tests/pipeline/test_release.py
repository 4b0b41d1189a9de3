"""Whole releases: what is made, twice the same, dirty trees, and several failures at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from slipway.attestations.provenance import PARAMETERS, BuildType
from slipway.attestations.statements import PROVENANCE, Statement
from slipway.errors import SlipwayError
from slipway.formats.timings import critical_path
from slipway.gates import GATES
from slipway.pipeline.materials import SHARED, declared
from slipway.pipeline.verify import verify_release
from slipway.policy.document import EMBEDDED, parse
from slipway.signers.verifier import Verifier

from ..support.cases import KINDS
from ..support.project import Project, assert_told, last_error
from ..support.releasing import (
    champion_verdict,
    client_at,
    embedded,
    publisher_at,
    release_of,
    tags_of,
)

pytestmark = [pytest.mark.engine, pytest.mark.anyio, pytest.mark.usefixtures("connection")]


def assert_as_documented(kind: BuildType, provenance: Statement, tools: Iterable[str]) -> None:
    """What docs/build-types.md says of a kind is what its provenance says."""
    definition = provenance.predicate.inner("buildDefinition")
    listed = [each.text("name") for each in definition.items("resolvedDependencies")]
    # Nothing fetches trivy's database here, and the stack has no providers.
    expected = {*SHARED, *declared(kind), *tools} - {"data-trivy", "lock-providers"}
    assert sorted(listed) == sorted(expected)
    assert sorted(definition.inner("externalParameters").values) == sorted(PARAMETERS[kind])


async def test_a_release_twice_makes_nothing_new(
    project: Project, fresh: Callable[[str], str]
) -> None:
    project.named(fresh("twice"))
    publisher = publisher_at(embedded())
    first, job = await release_of(project, publisher)
    made = json.loads(first.json)
    # What the whole run waited for goes through its publishing.
    *_, published, checked, tagged = critical_path(job.runner.trace.times)
    assert (published.partition("-")[0], checked.partition("-")[0]) == ("publish", "verify")
    assert tagged == "tag"
    assert "Nothing new" not in first.report
    assert [each["gate"] for each in made["verdicts"]] == [gate.name for gate in GATES]
    assert [each["gate"] for each in made["verdicts"] if not each.get("toolVersion")] == []
    assert [each["gate"] for each in made["verdicts"] if each.get("seconds") is None] == []
    client = client_at(embedded())
    tags = await tags_of(project, client)
    assert sorted(tags.values()) == sorted(made[kind].partition("@")[2] for kind in KINDS)
    second, job = await release_of(project, publisher)
    again = json.loads(second.json)
    assert "Nothing new" in second.report
    assert {kind: again[kind] for kind in KINDS} == {kind: made[kind] for kind in KINDS}
    # Of the champion is said what was said then, not that the model is as good as itself.
    assert champion_verdict(second.json) == champion_verdict(first.json)
    assert "no model was released before" in champion_verdict(second.json).summary
    times = job.runner.trace.times
    assert "champion" not in {one.name for one in times}
    assert not {one.name for one in times if one.name.startswith(("publish-", "tag"))}
    ran = {one.name for one in times if not one.cached}
    assert "train" not in ran
    assert "assemble" not in ran
    policy = parse((project.folder / "policy.yaml").read_text(encoding="utf-8"))
    verifier = Verifier(pem=first.public_key)
    stated = replace(policy, signers=tuple(s for s in policy.signers if s.key == EMBEDDED))
    release = await verify_release(
        client, made["release"], stated, stated.environment("dev"), {"developer": verifier}
    )
    checks = release.verification.checks
    signed = [check for check in checks if check.requirement == "signed by developer"]
    assert [check.artifact for check in signed] == list(KINDS)
    for kind in BuildType:
        (found,) = release.artifacts[kind.name.lower()].evidence.statements[PROVENANCE]
        assert_as_documented(kind, found, made["tools"])


# A dirty tree that is allowed, and each part that may fail, without an engine: tests/unit/pipeline/.
async def test_all_that_is_wrong_is_told_at_once_and_nothing_is_published(
    project: Project, fresh: Callable[[str], str]
) -> None:
    project.named(fresh("wrong"))
    project.write("service/src/screening/late.py", '"""Late."""\n\nimport os\n')
    project.write("terraform/stacks/local/bad.tf", 'resource "terraform_data" "x" {\n')
    project.edit("slipway.yaml", "threshold: 0.97", "threshold: 0.9999").commit()
    with pytest.raises(SlipwayError) as caught:
        await release_of(project, publisher_at(embedded()))
    told = str(caught.value)
    assert "late.py" in told
    assert "roc_auc" in told
    assert "bad.tf" in told
    assert "Traceback" not in told
    assert await tags_of(project, client_at(embedded())) == {}


def test_a_dirty_tree_exits_with_an_error(project: Project) -> None:
    project.write("notes.txt", "not committed")
    done = project.call("release", "report")
    assert_told(last_error(done), "notes.txt", "--allow-dirty")
    assert done.stdout == ""
