"""Write the tables of the docs that derive from plug-ins: `python -m tests.tools.tables [--check]`.

Each table stands between two marker comments of its page; a test compares it with the program. With --check nothing
is written, and the exit code is 1 where a page differs.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from slipway import gates
from slipway.attestations.provenance import BuildType
from slipway.iac import ENGINES
from slipway.pipeline.materials import declared
from slipway.registries import REGISTRIES
from slipway.signers import SIGNERS
from slipway.signers.base import option

ROOT = Path(__file__).parents[2]
SUBJECTS = {
    "SourceTree": "source tree",
    "TrainedModel": "model",
    "ModelPair": "model and the last released one",
    "BuiltImage": "image",
}


def rows(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    table = [head, ["---"] * len(head), *lines]
    return "\n".join(
        f"| {' | '.join(cells)} |".replace("| ---", "|---").replace("--- |", "---|")
        for cells in table
    )


def gate_table() -> str:
    """Every gate, from its file."""
    return rows(
        ("gate", "looks for", "in the", "tool", "may be unable to look"),
        (
            (
                f"`{gate.name}`",
                gate.title,
                SUBJECTS[gate.subject.__name__],
                gate.tool,
                "yes: it needs data from outside" if gate.needs_outside else "no",
            )
            for gate in gates.GATES
        ),
    )


def material_table(kind: BuildType) -> str:
    """What an artifact of a kind may be made of."""
    named = sorted(declared(kind).items())
    return rows(("dependency", "what it is"), ((f"`{name}`", what) for name, what in named))


def registry_table() -> str:
    """Every registry, in the order in which they are asked whether they serve a host."""
    return rows(("registry", "what it is"), ((f"`{each.name}`", each.title) for each in REGISTRIES))


def signer_table() -> str:
    """Every signer, by the option that selects it."""
    return rows(
        ("signer", "selected by", "also takes"),
        (
            (
                each.title,
                f"`{option(each.selector)}`",
                ", ".join(f"`{option(name)}`" for name in (*each.requires, *each.accepts))
                or "nothing",
            )
            for each in SIGNERS
        ),
    )


def engine_table() -> str:
    """Every infrastructure engine."""
    return rows(
        ("`infrastructure.engine`", "what it is", "image"),
        ((f"`{each.name}`", each.title, f"`{each.image.reference}`") for each in ENGINES),
    )


TABLES: Mapping[tuple[str, str], Callable[[], str]] = {
    ("docs/gates.md", "gates"): gate_table,
    ("docs/registries.md", "registries"): registry_table,
    ("docs/signing.md", "signers"): signer_table,
    ("docs/infrastructure.md", "engines"): engine_table,
    **{
        ("docs/build-types.md", f"materials, {kind.name.lower()}"): partial(material_table, kind)
        for kind in BuildType
    },
}


def renewed(text: str, name: str, table: str) -> str:
    """The page with the table between its markers; raises ValueError where it has no such markers."""
    begin, end = f"<!-- {name}: python -m tests.tools.tables -->", f"<!-- end of {name} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if len(pattern.findall(text)) != 1:
        raise ValueError(f"there is not just one table {name}")
    return pattern.sub(lambda _: f"{begin}\n{table}\n{end}", text)


def main(arguments: Sequence[str]) -> int:
    """Command line of this program; see the text of the module."""
    differing = []
    for (page, name), table in TABLES.items():
        path = ROOT / page
        text = path.read_text(encoding="utf-8")
        new = renewed(text, name, table())
        if new != text:
            differing.append(page)
            if "--check" not in arguments:
                path.write_text(new, encoding="utf-8")
    for page in differing:
        print(page)
    return 1 if differing and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
