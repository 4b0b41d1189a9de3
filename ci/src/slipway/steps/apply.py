"""Apply a plan: decrypt it, check that it may be applied here and now, note it as consumed, apply those bytes.

    python -m slipway.steps.apply --encrypted FILE --facts FILE --tree DIR --stack PATH --schema NAME
        --engine opentofu --tool tofu --private DIR --key FILE | --keys DIR

The facts are the predicate that was signed of the plan (attestations.plan_facts). Nothing is ever planned here.
Exit code 5: it may not be applied, and standard error says why, a line each. Exit code 6: applying failed half-way.
"""

import argparse
import datetime as dt
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..attestations.plan_facts import PlanFacts
from ..errors import DataError, SlipwayError
from ..formats.fields import Fields
from ..oci.digests import Digest
from .encryption import decrypt, ensure, key_in
from .plan import asked, making
from .state import PATIENCE, alone, connected, consume, end, read

REFUSED: Final = 5
BROKEN: Final = 6
# How long one waits for another one's lock on the state.
WAIT: Final = PATIENCE


def opened(options: argparse.Namespace, facts: PlanFacts) -> Path:
    """The plan in clear, in a folder that nobody else reads; a DataError where a byte of it is another."""
    key = key_in(options.key or ensure(options.keys))
    content = decrypt(options.encrypted.read_bytes(), key)
    if Digest.of(content) != facts.plan:  # refusal 11e
        raise DataError("the plan's bytes are not those that were signed", where=str(facts.plan))
    options.private.mkdir(mode=0o700, parents=True, exist_ok=True)
    path: Path = options.private / "plan.tfplan"
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of this program; see the text of the module."""
    parser = argparse.ArgumentParser(prog="apply", description=__doc__)
    for name in ("encrypted", "facts", "tree", "private"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--stack", required=True)
    parser.add_argument("--schema", required=True)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--key", type=Path)
    parser.add_argument("--keys", type=Path)
    options = parser.parse_args(arguments)
    try:
        facts = PlanFacts.of(Fields.parse(options.facts.read_bytes(), where="the signed plan"))
        return _apply(options, facts)
    except SlipwayError as error:
        print(error, file=sys.stderr)
        return REFUSED


def _apply(options: argparse.Namespace, facts: PlanFacts) -> int:
    plan = opened(options, facts)
    folder = options.tree / Path(options.stack).relative_to(options.tree.name)
    asked(options.tool, folder, "init", "-input=false", "-no-color")
    now = making(options.engine, options.tool, options.tree, options.stack)
    with connected() as connection, alone(connection, options.schema, now.workspace):
        state = read(connection, options.schema, now.workspace)
        refusals = facts.refusals(now, state, dt.datetime.now(dt.UTC))
        if refusals:
            print("\n".join(refusals), file=sys.stderr)
            return REFUSED
        consume(connection, str(facts.plan))
        done = subprocess.run(
            [
                options.tool, f"-chdir={folder}", "apply", "-input=false", "-no-color",
                f"-lock-timeout={WAIT}", str(plan),
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        end(connection, str(facts.plan), "applied" if done.returncode == 0 else "failed")
        if done.returncode:
            print(done.stderr, file=sys.stderr)
            return BROKEN
        after = read(connection, options.schema, now.workspace)
    print(json.dumps({"output": done.stdout, "plan": str(facts.plan), **after.to_dict()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
