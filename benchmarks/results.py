"""What was measured, the goals, and the page that says so. Plain values: nothing is run here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One run: seconds of wall time and of processor time, bytes pushed, bytes on disk afterwards."""

    wall: float
    cpu: float
    pushed: int
    disk: int
    critical: float = 0.0
    """Seconds of the stages on the critical path, where the side measures them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case: its name, and the runs of both sides on the same commits."""

    name: str
    peer: Sequence[Figures]
    slipway: Sequence[Figures]

    @property
    def ratio(self) -> float:
        """Wall time of Slipway for each second of the peer, medians."""
        return middle(self.slipway, "wall") / middle(self.peer, "wall")

    @property
    def over_critical(self) -> float:
        """Wall time of Slipway for each second of its critical path; 0 where nothing had to run."""
        critical = middle(self.slipway, "critical")
        return middle(self.slipway, "wall") / critical if critical else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A goal: what is compared, with what bound, and what came out."""

    name: str
    bound: float
    found: float

    @property
    def met(self) -> bool:
        """Whether the bound holds."""
        return self.found <= self.bound


def middle(runs: Sequence[Figures], name: str) -> float:
    """The median of a figure."""
    return float(median(getattr(run, name) for run in runs))


def goals(cases: Mapping[str, Case]) -> list[Goal]:
    """The four goals, as far as their cases were run."""
    found = [
        Goal(
            name=f"{name}: wall time for each second of the peer",
            bound=bound,
            found=cases[name].ratio,
        )
        for name, bound in (
            ("nothing changed", 0.25),
            ("one line of the service", 0.5),
            ("cold", 1.1),
        )
        if name in cases
    ]
    # Where nothing changed, no stage runs whose time could be compared with anything.
    over = {
        name: case.over_critical
        for name, case in cases.items()
        if case.over_critical and name != "nothing changed"
    }
    if over:
        worst = max(over, key=lambda name: over[name])
        name = f"wall time for each second of the critical path (worst case: {worst})"
        found.append(Goal(name=name, bound=1.2, found=over[worst]))
    return found


def table(cases: Sequence[Case]) -> str:
    """The cases as a Markdown table of ratios, Slipway to the peer."""
    head = "| case | wall | CPU | pushed | on disk | wall / critical path |\n|---|--:|--:|--:|--:|--:|\n"
    rows = [
        f"| {case.name} | {case.ratio:.2f} | {_ratio(case, 'cpu')} | {_ratio(case, 'pushed')} | {_ratio(case, 'disk')} "
        f"| {f'{case.over_critical:.2f}' if case.over_critical else '-'} |"
        for case in cases
    ]
    return head + "\n".join(rows)


def seconds(cases: Sequence[Case]) -> str:
    """What the ratios were made of."""
    head = "| case | runs | peer, s | Slipway, s | peer CPU, s | Slipway CPU, s "
    head += "| peer pushed, MB | Slipway pushed, MB |\n"
    head += "|---|--:|--:|--:|--:|--:|--:|--:|\n"
    rows = []
    for case in cases:
        pairs = [
            f"{middle(case.peer, name) / scale:.1f} | {middle(case.slipway, name) / scale:.1f}"
            for name, scale in (("wall", 1), ("cpu", 1), ("pushed", 1e6))
        ]
        rows.append(f"| {case.name} | {len(case.slipway)} | {' | '.join(pairs)} |")
    return head + "\n".join(rows)


def verdicts(found: Sequence[Goal]) -> str:
    """The goals as a Markdown table."""
    rows = [
        f"| {goal.name} | ≤ {goal.bound:g} | {goal.found:.2f} | {'met' if goal.met else '**missed**'} |"
        for goal in found
    ]
    return "| goal | bound | found | |\n|---|--:|--:|---|\n" + "\n".join(rows)


def _ratio(case: Case, name: str) -> str:
    peer = middle(case.peer, name)
    return f"{middle(case.slipway, name) / peer:.2f}" if peer else "-"
