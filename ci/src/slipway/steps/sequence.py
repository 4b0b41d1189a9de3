"""Run a list of commands one after the other, and stop at the first that fails.

    python -m slipway.steps.sequence --commands commands.json [--secret COSIGN_PASSWORD=/run/secrets/password]
        [--environment /run/secrets/lines] [--each]

commands.json is a list of argv lists. Standard output is a JSON list with what each command printed on its own
standard output. Exit code 4: a command failed; its words are on standard error. A secret file is handed to the
commands as an environment variable of theirs only: it is in no container's configuration and in no argument. So is
each line NAME=value of an environment file.

With --each all of them are run, and the JSON list holds [exit code, standard output, standard error] of each.
A command that prints more than 64 MiB is stopped, and has failed: what a registry answers may have no end.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ..errors import DataError, SlipwayError

FAILED: Final = 4
MOST: Final = 64 << 20
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def environment(secrets: Sequence[str], lines: Path | None = None) -> Mapping[str, str]:
    """The environment of the commands: ours, and NAME=content of FILE for each `NAME=FILE`, and the lines of a file."""
    pairs = (item.split("=", 1) for item in secrets)
    given = {name: Path(path).read_text(encoding="utf-8").rstrip("\n") for name, path in pairs}
    return {**os.environ, **given, **(read_lines(lines) if lines else {})}


def read_lines(path: Path) -> Mapping[str, str]:
    """The lines NAME=value of a file; a DataError that names the number of a line that is none, and not its content.

    Empty lines, and those that begin with #, say nothing.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not _NAME.fullmatch(name):
            raise DataError(f"line {number} is not NAME=value", where="--signing-credentials")
        found[name] = value
    return found


def run(argv: Sequence[str], handed: Mapping[str, str]) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command; no more of either than MOST bytes."""
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(argv, env=handed, stdout=subprocess.PIPE, stderr=errors) as process,
    ):
        printed = process.stdout.read(MOST + 1) if process.stdout else b""
        if len(printed) > MOST:
            process.kill()
            return FAILED, "", f"Error: it answers with more than {MOST >> 20} MiB"
        code = process.wait()
        errors.seek(0)
        return code, _text(printed), _text(errors.read(MOST))


def _text(content: bytes) -> str:
    return content.decode("utf-8", errors="replace")


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of this program; see the text of the module."""
    parser = argparse.ArgumentParser(prog="sequence", description=__doc__)
    parser.add_argument("--commands", type=Path, required=True)
    parser.add_argument("--secret", action="append", default=[])
    parser.add_argument("--environment", type=Path)
    parser.add_argument("--each", action="store_true")
    options = parser.parse_args(arguments)
    try:
        handed = environment(options.secret, options.environment)
    except SlipwayError as error:
        print(error, file=sys.stderr)
        return FAILED
    commands = json.loads(options.commands.read_text(encoding="utf-8"))
    printed: list[str | list[str | int]] = []
    for argv in commands:
        code, stdout, stderr = run(argv, handed)
        if options.each:
            printed.append([code, stdout, stderr])
            continue
        if code:
            print(f"{argv[0]} {argv[1]}: {stderr.strip()}", file=sys.stderr)
            return FAILED
        printed.append(stdout)
    print(json.dumps(printed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
