"""Make a release again from what it records of itself, and say where the two differ.

The commit and the tool images come from the signed provenance; nothing is answered from the engine's cache.
"""

import json
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

import dagger

from . import image as images
from . import model as models
from . import plan as plans
from .domain import release as values
from .domain.digests import Digest
from .domain.provenance import Recorded, newest
from .domain.statements import PROVENANCE
from .errors import DirtyTree, NotReproduced, VerificationError
from .git import History
from .layout import digest_of
from .proof import verify
from .publish import Desk
from .release import open_release
from .signing import Trust
from .source import open_source
from .stage import Job, Journal, Stage, side_by_side
from .state import Keeper
from .tools import Tools, fingerprint

KINDS: Final = ("model", "image", "plan")
DIFFERENT: Final = 5  # what inside.compare says where two artifacts are not one


@dataclass(kw_only=True)
class Attempt:
    """One attempt to make a release again: what was recorded, and what came out."""

    desk: Desk
    history: History
    keeper: Keeper = field(default_factory=Keeper)
    journal: Journal = field(default_factory=Journal)
    recorded: dict[str, dagger.Directory] = field(default_factory=dict)
    statements: dict[str, Recorded] = field(default_factory=dict)
    rebuilt: dict[str, dagger.Directory] = field(default_factory=dict)


async def reproduce(attempt: Attempt, reference: str, trusts: Sequence[Trust]) -> str:
    """Verify, check the recorded commit out, rebuild, compare; returns what is the same, a line each.

    One of `trusts` has to have signed all of it. Raises NotReproduced with each file that differs, VerificationError
    for a release that does not verify, DirtyTree for one that was made of more than its commit, ConfigError where the
    commit is not at hand.
    """
    value = await _read(attempt, reference, trusts)
    await _rebuild(attempt, value.commit)
    differing: dict[str, list[str]] = {}
    same: list[str] = []

    def job(kind: str) -> Job:
        async def compare() -> None:
            digest = await digest_of(attempt.rebuilt[kind])
            found = await _compare(attempt, kind)
            if found:
                differing[kind] = [f"{digest} rebuilt, {_subject(attempt, kind)} recorded", *found]
            else:
                same.append(f"{kind}: the same, {digest}")

        return compare

    await side_by_side(*(job(kind) for kind in KINDS))
    notes = _notes(attempt)
    if differing:
        raise NotReproduced(value.commit, differing=differing, notes=[*sorted(same), *notes])
    head = f"release of commit {value.commit}: rebuilt from its recorded inputs, bit for bit"
    return "\n".join(
        [head, *sorted(same, key=lambda line: KINDS.index(line.partition(":")[0])), *notes]
    )


async def _read(attempt: Attempt, reference: str, trusts: Sequence[Trust]) -> values.Release:
    """Fetch what the release names, with its provenance, all of it verified."""
    value, pinned = await open_release(attempt.desk, reference, attempt.journal)
    trust = await _signer(attempt, pinned["release"], trusts)
    if value.dirty:
        raise DirtyTree(
            "this release was made of a tree that differs from its commit: it cannot be made again",
            where=reference,
            remedy="Release a clean tree",
        )

    def job(kind: str) -> Job:
        async def fetch() -> None:
            types = (PROVENANCE,)
            found = await verify(attempt.desk, kind, pinned[kind], trust, attempt.journal, types)
            attempt.recorded[kind] = found.layout
            attempt.statements[kind] = newest(
                [each.content for each in found.evidence.statements[PROVENANCE]],
                commit=value.commit,
                where=f"provenance of the {kind}",
            )

        return fetch

    await side_by_side(*(job(kind) for kind in KINDS))
    return value


async def _signer(attempt: Attempt, pinned: str, trusts: Sequence[Trust]) -> Trust:
    """The first of several under whom the release verifies; raises what stands against the last."""
    *others, last = trusts
    for trust in others:
        with suppress(VerificationError):
            await verify(attempt.desk, "release", pinned, trust, attempt.journal)
            return trust
    await verify(attempt.desk, "release", pinned, last, attempt.journal)
    return last


async def _rebuild(attempt: Attempt, commit: str) -> None:
    """Model, image and plan of the commit, with the recorded tool images, past the cache."""
    tree, history = await attempt.history.at(commit)
    recorded = {
        name: image for each in attempt.statements.values() for name, image in each.images.items()
    }
    tools = replace(attempt.desk.tools, lock=recorded, fresh=uuid.uuid4().hex)
    await _served(tools, recorded)
    source = await open_source(tree, tools)
    head = await history.head()

    async def image() -> None:
        model = await models.train(source, attempt.journal, history)
        made = await images.build(source, model, attempt.journal, head)
        attempt.rebuilt |= {"model": model.layout, "image": made.layout}

    async def plan() -> None:
        attempt.rebuilt["plan"] = (
            await plans.plan(source, attempt.journal, head, attempt.keeper)
        ).layout

    await side_by_side(image, plan)


async def _served(tools: Tools, recorded: dict[str, str]) -> None:
    """Raise NotReproduced for a tool image that its registry no longer serves under the recorded digest."""
    gone: list[str] = []

    def job(name: str) -> Job:
        async def pull() -> None:
            try:
                await tools.image(name).sync()
            except dagger.QueryError:
                gone.append(f"{name}: {recorded[name]} is not served any more")

        return pull

    await side_by_side(*(job(name) for name in recorded))
    if gone:
        raise NotReproduced("", differing={"tools": sorted(gone)}, notes=())


async def _compare(attempt: Attempt, kind: str) -> list[str]:
    stage = Stage(
        name=f"compare-{kind}",
        container=attempt.desk.tools.assembler()
        .with_mounted_directory("/recorded", attempt.recorded[kind])
        .with_mounted_directory("/rebuilt", attempt.rebuilt[kind]),
        argv=(
            "python", "-m", "slipway.inside.compare", "--recorded", "/recorded", "--rebuilt", "/rebuilt",
        ),
        accept=(0, DIFFERENT),
    )  # fmt: skip
    found: list[str] = json.loads((await stage.run(attempt.journal)).stdout)
    return found


def _subject(attempt: Attempt, kind: str) -> Digest:
    return attempt.statements[kind].subject


def _notes(attempt: Attempt) -> list[str]:
    """Another Slipway may make other bits of the same commit: said, whatever came out."""
    made = {each.builder_version.get("slipway", "unknown") for each in attempt.statements.values()}
    here = fingerprint()
    return (
        []
        if made == {here}
        else [f"made by another Slipway: {', '.join(sorted(made))}; this is {here}"]
    )
