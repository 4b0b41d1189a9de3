"""The report of a release: what was made, what was not looked at, where the time went."""

from __future__ import annotations

from dataclasses import replace

import pytest
from slipway.attestations.release import Release
from slipway.formats.timings import StageTime
from slipway.oci.digests import Digest, Reference
from slipway.report.text import Made, render, size
from slipway.verdicts.verdict import Status, Verdict

REFERENCE = Reference.parse("localhost:5050/a").with_digest(Digest.of(b""))
RELEASE = Release(
    commit="a" * 40,
    dirty=False,
    model=REFERENCE,
    image=REFERENCE,
    plan=REFERENCE,
    verdicts=(
        Verdict(gate="tests", status=Status.PASSED, summary="9 tests passed"),
        Verdict(gate="osv", status=Status.NOT_EVALUATED, summary="no advisories"),
    ),
    stages=(StageTime(name="train", started=1, seconds=2),),
)
MADE = [
    Made(kind="model", reference=REFERENCE.pinned, size=1234),
    Made(kind="image", reference=REFERENCE.pinned, size=99_400_000),
]


def test_the_report_has_all_parts() -> None:
    lines = render(RELEASE, MADE, tag="v1", new=True).splitlines()
    assert lines[:2] == [f"Release of {'a' * 40}", "tagged v1"]
    assert f"  image   99.4 MB  {REFERENCE.pinned}" in lines
    assert "  tests  passed         9 tests passed" in lines
    assert any(line.startswith("  critical path: train") for line in lines)
    assert not any("Nothing new" in line for line in lines)


def test_what_was_not_looked_at_is_said_loudly() -> None:
    assert "NOT EVALUATED: osv. no advisories" in render(RELEASE, MADE, tag="v1", new=True)
    seen = replace(RELEASE, verdicts=RELEASE.verdicts[:1])
    assert "NOT EVALUATED" not in render(seen, MADE, tag="v1", new=True)


def test_a_dirty_tree_and_a_second_run_are_said() -> None:
    text = render(replace(RELEASE, dirty=True), MADE, tag="v1", new=False)
    assert "with changes that no commit holds" in text
    assert "Nothing new" in text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1_500_000, "1.5 MB"),
        (3 * 10**12, "3000.0 GB"),
    ],
)
def test_sizes_are_written_as_people_do(count: int, text: str) -> None:
    assert size(count) == text
