"""Take a saved plan, write down what it was made from, and encrypt it before it leaves this container.

    python -m slipway.steps.plan --saved FILE --tree DIR --stack PATH --engine opentofu --tool tofu
        --epoch N --keys DIR --output DIR

Writes `plan.tfplan.sealed` (the saved plan without the time of day in it, encrypted: it holds every value),
`plan.json` (without sensitive values) and `plan.txt`, `source.json` (the stack and the digest of the files it was made
from). Prints what is signed of it as JSON, see attestations.plan_facts.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..attestations.plan_facts import Making
from ..errors import DataError, SlipwayError
from ..formats.plan_bits import normalise
from ..formats.redact import redact
from ..oci.digests import Digest
from .encryption import encrypt, ensure, key_in, name_of

ENCRYPTED: Final = "plan.tfplan.sealed"
# Where the state is kept is no part of what is planned: this file is written beside the stack by us.
BACKEND: Final = "slipway_override.tf.json"
# What init and apply write beside the sources is no source.
OWN: Final = (".terraform", ".slipway", BACKEND)
LOCK: Final = ".terraform.lock.hcl"


def digest_of_tree(folder: Path) -> str:
    """The sha256 over the sorted list of `sha256  path` of all files, as sha256sum(1) would print it."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not set(OWN) & set(path.parts)
    ]
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()


def asked(tool: str, stack: Path, *arguments: str) -> str:
    """What the tool prints; a DataError with its last words where it fails."""
    argv = [tool, f"-chdir={stack}", *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise DataError(f"{tool} {arguments[0]} fails: {words}", where=str(stack))
    return done.stdout


def making(engine: str, tool: str, tree: Path, stack: str) -> Making:
    """What makes a plan here and now; `stack` is below the tree, whose name is that of its folder in the project."""
    folder = tree / Path(stack).relative_to(tree.name)
    version = json.loads(asked(tool, folder, "version", "-json"))["terraform_version"]
    lock = folder / LOCK
    return Making(
        stack=stack,
        engine=engine,
        version=version,
        workspace=asked(tool, folder, "workspace", "show").strip(),
        tree=Digest.parse(digest_of_tree(tree)),
        lock=Digest.of(lock.read_bytes() if lock.exists() else b""),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of this program; see the text of the module."""
    parser = argparse.ArgumentParser(prog="plan", description=__doc__)
    parser.add_argument("--saved", type=Path, required=True)
    parser.add_argument("--tree", type=Path, required=True)
    parser.add_argument("--stack", required=True)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--epoch", type=int, required=True)
    parser.add_argument("--key", type=Path)
    parser.add_argument("--keys", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        print(json.dumps(_write(options)))
    except SlipwayError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _write(options: argparse.Namespace) -> dict[str, object]:
    tree, output = options.tree, options.output
    output.mkdir(parents=True, exist_ok=True)
    made = making(options.engine, options.tool, tree, options.stack)
    folder = tree / Path(options.stack).relative_to(tree.name)
    plan = normalise(options.saved.read_bytes(), epoch=options.epoch)
    options.saved.unlink()
    key = key_in(options.key or ensure(options.keys))
    with tempfile.TemporaryDirectory() as private:
        clear = Path(private) / "plan.tfplan"
        clear.write_bytes(plan)
        shown = redact(asked(options.tool, folder, "show", "-json", str(clear)))  # refusal 12b
        text = asked(options.tool, folder, "show", "-no-color", str(clear))
    (output / ENCRYPTED).write_bytes(encrypt(plan, key))  # refusal 12a
    (output / "plan.json").write_text(shown, encoding="utf-8")
    (output / "plan.txt").write_text(text, encoding="utf-8")
    facts = {"stack": options.stack, "tree": str(made.tree)}
    (output / "source.json").write_text(json.dumps(facts, sort_keys=True))
    return {
        "stack": made.stack,
        "engine": made.engine,
        "version": made.version,
        "workspace": made.workspace,
        "tree": str(made.tree),
        "lock": str(made.lock),
        "plan": str(Digest.of(plan)),
        "key": name_of(key),
    }


if __name__ == "__main__":
    sys.exit(main())
