"""Take a saved plan and write down what it was made from.

    python -m slipway.inside.plan --saved FILE --tree DIR --stack PATH --epoch N --output DIR

Writes `plan.tfplan`, the plan without the time of day in it, and `source.json`: the stack and the digest of the
files it was made from.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ..domain.plan_bits import normalise
from ..errors import SlipwayError

# What init writes beside the sources is no source.
OWN = (".terraform",)


def digest_of_tree(folder: Path) -> str:
    """The sha256 over the sorted list of `sha256  path` of all files, as sha256sum(1) would print it."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not set(OWN) & set(path.parts)
    ]
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of this program; see the text of the module."""
    parser = argparse.ArgumentParser(prog="plan", description=__doc__)
    parser.add_argument("--saved", type=Path, required=True)
    parser.add_argument("--tree", type=Path, required=True)
    parser.add_argument("--stack", required=True)
    parser.add_argument("--epoch", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    try:
        plan = normalise(options.saved.read_bytes(), epoch=options.epoch)
    except SlipwayError as error:
        print(error, file=sys.stderr)
        return 1
    (options.output / "plan.tfplan").write_bytes(plan)
    facts = {"stack": options.stack, "tree": digest_of_tree(options.tree)}
    (options.output / "source.json").write_text(json.dumps(facts, sort_keys=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
