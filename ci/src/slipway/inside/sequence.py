"""Run a list of commands one after the other, and stop at the first that fails.

    python -m slipway.inside.sequence --commands commands.json [--secret COSIGN_PASSWORD=/run/secrets/password] [--each]

commands.json is a list of argv lists. Standard output is a JSON list with what each command printed on its own
standard output. Exit code 4: a command failed; its words are on standard error. A secret file is handed to the
commands as an environment variable of theirs only: it is in no container's configuration and in no argument.

With --each all of them are run, and the JSON list holds [exit code, standard output, standard error] of each.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

FAILED = 4


def environment(secrets: Sequence[str]) -> Mapping[str, str]:
    """The environment of the commands: ours, and NAME=content of FILE for each `NAME=FILE`."""
    pairs = (item.split("=", 1) for item in secrets)
    given = {name: Path(path).read_text(encoding="utf-8").rstrip("\n") for name, path in pairs}
    return {**os.environ, **given}


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of this program; see the text of the module."""
    parser = argparse.ArgumentParser(prog="sequence", description=__doc__)
    parser.add_argument("--commands", type=Path, required=True)
    parser.add_argument("--secret", action="append", default=[])
    parser.add_argument("--each", action="store_true")
    options = parser.parse_args(arguments)
    commands = json.loads(options.commands.read_text(encoding="utf-8"))
    printed: list[str | list[str | int]] = []
    for argv in commands:
        done = subprocess.run(
            argv, env=environment(options.secret), capture_output=True, text=True, check=False
        )
        if options.each:
            printed.append([done.returncode, done.stdout, done.stderr])
            continue
        if done.returncode:
            print(f"{argv[0]} {argv[1]}: {done.stderr.strip()}", file=sys.stderr)
            return FAILED
        printed.append(done.stdout)
    print(json.dumps(printed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
