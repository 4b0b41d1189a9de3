"""Whole releases: what is made, twice the same, dirty trees, and several failures at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from slipway.attestations.provenance import DEPENDENCIES, PARAMETERS, SHARED, BuildType
from slipway.attestations.statements import PROVENANCE
from slipway.errors import DirtyTree, GateFailed, SlipwayError
from slipway.formats.timings import critical_path
from slipway.pipeline.release import verify
from slipway.policy.document import EMBEDDED, parse
from slipway.runtime.stage import Journal
from slipway.signers.verifier import Verifier

from ..support.project import Project, assert_told, last_error
from ..support.releasing import desk_at, embedded, release_of, tags_of

pytestmark = [pytest.mark.engine, pytest.mark.anyio, pytest.mark.usefixtures("connection")]
KINDS = ("model", "image", "plan", "release")


async def test_a_release_twice_makes_nothing_new(
    project: Project, fresh: Callable[[str], str]
) -> None:
    project.named(fresh("twice"))
    first, released = await release_of(project, desk_at(embedded()))
    made = json.loads(first.json)
    # What the whole run waited for goes through its publishing.
    *_, published, verified, tagged = critical_path(released.journal.times)
    assert (published.partition("-")[0], verified.partition("-")[0]) == ("publish", "verify")
    assert tagged == "tag"
    assert "Nothing new" not in first.report
    desk = desk_at(embedded())
    tags = await tags_of(project, desk)
    assert sorted(tags.values()) == sorted(made[kind].partition("@")[2] for kind in KINDS)
    second, run = await release_of(project, desk_at(embedded()))
    again = json.loads(second.json)
    assert "Nothing new" in second.report
    assert {kind: again[kind] for kind in KINDS} == {kind: made[kind] for kind in KINDS}
    names = {one.name for one in run.journal.times}
    assert not {name for name in names if name.startswith(("publish-", "tag"))}
    ran = {one.name for one in run.journal.times if not one.cached}
    assert "train" not in ran
    assert "assemble" not in ran
    policy = parse((project.folder / "policy.yaml").read_text(encoding="utf-8"))
    trust = Verifier(pem=first.public_key)
    stated = replace(policy, signers=tuple(s for s in policy.signers if s.key == EMBEDDED))
    answer, found = await verify(
        desk, made["release"], stated, stated.environment("dev"), {"developer": trust}, Journal()
    )
    assert answer.ok, answer.to_text()
    signed = [check for check in answer.checks if check.requirement == "signed by developer"]
    assert [check.artifact for check in signed] == list(KINDS)
    # What docs/build-types.md tells is what the provenance says. Nothing fetches trivy's database here, and the stack
    # has no providers.
    for kind in BuildType:
        (said,) = found[kind.name.lower()].evidence.statements[PROVENANCE]
        definition = said.predicate.inner("buildDefinition")
        listed = [each.text("name") for each in definition.items("resolvedDependencies")]
        told = {*SHARED, *DEPENDENCIES[kind], *made["tools"]} - {"data-trivy", "lock-providers"}
        assert sorted(listed) == sorted(told)
        assert sorted(definition.inner("externalParameters").values) == sorted(PARAMETERS[kind])


async def test_a_dirty_tree_is_refused_and_named(
    project: Project, fresh: Callable[[str], str]
) -> None:
    project.named(fresh("dirty"))
    project.write("notes.txt", "not committed")
    with pytest.raises(DirtyTree) as caught:
        await release_of(project, desk_at(embedded()))
    assert_told(str(caught.value), "notes.txt", "--allow-dirty")
    assert await tags_of(project, desk_at(embedded())) == {}


async def test_a_dirty_tree_that_is_allowed_says_so_and_takes_no_clean_tag(
    project: Project, fresh: Callable[[str], str]
) -> None:
    project.named(fresh("allowed"))
    commit = project.git("rev-parse", "HEAD").strip()
    project.write("notes.txt", "not committed")
    made, run = await release_of(project, desk_at(embedded()), allow_dirty=True)
    facts = json.loads(made.json)
    assert facts["dirty"] is True
    assert "allow-dirty" in facts["allowed"]
    assert run.tag.startswith(f"{commit}-dirty-")
    assert "changes that no commit holds" in made.report
    (project.folder / "notes.txt").unlink()
    assert await tags_of(project, desk_at(embedded())) == {}


async def test_all_that_is_wrong_is_told_at_once_and_nothing_is_published(
    project: Project, fresh: Callable[[str], str]
) -> None:
    project.named(fresh("wrong"))
    project.write("terraform/stacks/local/bad.tf", 'resource "terraform_data" "x" {\n')
    project.edit("slipway.yaml", "threshold: 0.97", "threshold: 0.9999").commit()
    with pytest.raises(SlipwayError) as caught:
        await release_of(project, desk_at(embedded()))
    told = str(caught.value)
    assert "roc_auc" in told
    assert "bad.tf" in told
    assert "Traceback" not in told
    assert await tags_of(project, desk_at(embedded())) == {}


async def test_a_gate_that_fails_in_the_source_publishes_nothing(
    project: Project, fresh: Callable[[str], str]
) -> None:
    project.named(fresh("lint"))
    project.write("service/src/screening/late.py", '"""Late."""\n\nimport os\n').commit()
    with pytest.raises(GateFailed) as caught:
        await release_of(project, desk_at(embedded()))
    assert "late.py" in str(caught.value)
    assert await tags_of(project, desk_at(embedded())) == {}


def test_a_dirty_tree_exits_with_an_error(project: Project) -> None:
    project.write("notes.txt", "not committed")
    done = project.call("release", "report")
    assert_told(last_error(done), "notes.txt", "--allow-dirty")
    assert done.stdout == ""
