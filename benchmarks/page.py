"""RESULTS.md as text."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.results import Case, goals, seconds, table, verdicts

HEAD = """# Slipway beside a script

Ratios: Slipway to [peer.sh](peer.sh), which does the same work stage after stage with `pip`, `docker build`, trivy, osv-scanner,
cosign, crane and OpenTofu, the same programs of the same versions. Less is better; below 1 Slipway is quicker. Absolute
figures are of one machine and say little about another. `make bench` writes this page.
"""
TRIED = """## What was tried for the goals that are missed

- *Nothing changed*: our own programs are handed to the engine as a folder and not in each request (48 MB of requests became 1.7); one
  file instead of three is read of each stage; a release that is there is verified while the rest is looked up; 280 requests became
  147 (decision 0016); the model's folder is not signed again; the engine collects garbage less often. What is left keeps two cores
  busy, 14 s of processor: the engine 4.4, the client in Python 3 (1 of it the SDK's import), and cosign, which is asked
  for each of four signatures and thirteen attestations whether it holds, Git, two services and the command line.
- *One line of the service*: byte-code without times in the image and for the checks (the smoke test 9 s → 3 s, the tests 27 s → 14 s),
  trivy's findings kept by layer (22 s → 1 s), what mypy knows of other packages as a layer (10 s → 1 to 3 s). What is left: the
  service's own tests, 11 s of processor that the script spends, too, and half of the chain here; 5 s until the first stage
  begins; 6 s for twenty signatures and what verifies them. On two cores nothing of that overlaps with an idle one.
- *Critical path*: the chain is counted in seconds of its stages only; on two cores, stages that run at once slow each other, and the
  engine takes 0.3 to 0.5 s for each further link of a chain.
"""
NOTES = """## How it was measured

Both sides release the same commits, in turns. *Cold* begins with empty caches on both sides and the tools present; each
other case is a commit on top. Where a case ran more than once, the median counts. CPU is what the whole machine was busy with.
*Pushed* is the growth of the side's registry, *on disk* its caches, images and registry afterwards.
*Critical path* is the longest chain of stages that wait for each other, by the times in release.json; the rest of the wall time is
the client, the module's start and the engine between stages.

Not compared: the script writes no provenance that could be verified against a policy, makes other bits on every machine, and
remembers nothing of a stage that failed. It keeps mypy's cache of the service between runs, which Slipway does not, since mypy
trusts the time and size of a file. Without advisories osv-scanner asks the network on both sides.
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
            f"\n{TRIED}\n{NOTES}",
        ]
    )
