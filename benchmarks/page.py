"""RESULTS.md as text."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.results import Case, goals, seconds, table, verdicts

HEAD = """# Slipway beside a script

Ratios: Slipway to [peer.sh](peer.sh), which does the same work stage after stage with `pip`, `docker build`, trivy, osv-scanner,
cosign, crane and OpenTofu, the same programs of the same versions. Less is better; below 1 Slipway is quicker. Absolute
figures are of one machine and say little about another. `make bench` writes this page.
"""
NOTES = """## How it was measured

Both sides release the same commits, in turns. *Cold* begins with empty caches on both sides and the tools present; each
other case is a commit on top. Where a case ran more than once, the median counts. CPU is what the whole machine was busy with.
*Pushed* is the growth of the side's registry, *on disk* its caches, images and registry afterwards.
*Critical path* is the longest chain of stages that wait for each other, by the times in release.json; the rest of the wall time is
the client, the module's start and the engine between stages.

Not compared: the script writes no provenance that could be verified against a policy, makes other bits on every machine, and
remembers nothing of a stage that failed. It keeps mypy's cache between runs, which Slipway does not, since mypy trusts
the time and size of a file. Without advisories osv-scanner asks the network on both sides.
"""


def page(cases: Sequence[Case], *, machine: str, loaded: float, advisories: bool) -> str:
    """The whole page."""
    data = "a local database" if advisories else "none at hand"
    sdk = (
        f"An engine that never loaded a Python module builds Dagger's SDK first: {loaded:.0f} s here, once for each engine,\n"
        "like installing Docker; it is not part of *cold*."
    )
    return "\n".join(
        [
            HEAD,
            f"Machine: {machine}. Advisories: {data}.\n",
            "## Goals\n",
            verdicts(goals({case.name: case for case in cases})),
            "\n## Ratios\n",
            table(cases),
            f"\n{sdk}\n",
            "## Medians\n",
            seconds(cases),
            f"\n{NOTES}",
        ]
    )
