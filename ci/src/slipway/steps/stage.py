"""Run one step of the pipeline and write down how it went.

    python -m slipway.steps.stage --name train --out /stage --accept 0,3 --timeout 600 -- argv…

Leaves in the folder given by --out: `stdout`, `stderr` (whole) and `stage.json` (name, argv, start and length in
seconds of the epoch, exit code, versions, and both outputs as text, so that one file says everything). An exit code
that --accept lists is an answer of the tool, so this program ends with 0 and the answer is cached with its inputs. Any
other code, a signal or a time-out is a crash: this program ends with 1, so that the engine does not keep it and the
next run tries again.

`--version-of`, repeatable, records a tool's version in `stage.json` as `versions`, by the tool's name: `package:ruff`
is an installed Python package (of the Python that runs this program), `command:trivy --version` a program that prints
its version. A version that cannot be had is empty, and no failure.
"""

import argparse
import json
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path, PurePath

TIMED_OUT = 124  # what coreutils' timeout(1) answers with
VERSION_SECONDS = 30.0
_VERSION = re.compile(r"\d+(?:\.\d+)+")


def run(argv: Sequence[str], out: Path, timeout: float) -> int:
    """Run argv with its output going to files below `out`; return its exit code (124: timed out)."""
    with (out / "stdout").open("wb") as stdout, (out / "stderr").open("wb") as stderr:
        try:
            return subprocess.run(
                argv,
                stdout=stdout,
                stderr=stderr,
                stdin=subprocess.DEVNULL,
                timeout=timeout,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            stderr.write(f"\nno end after {timeout:g} s: stopped\n".encode())
            return TIMED_OUT
        except OSError as error:
            stderr.write(f"\n{argv[0]} does not start: {error.strerror}\n".encode())
            return 127


def version_of(tool: str) -> tuple[str, str]:
    """The name and version of a tool given as `package:NAME` or `command:ARGV`; empty where there is no version."""
    kind, _, what = tool.partition(":")
    if kind == "package":
        return what, _package_version(what)
    argv = shlex.split(what)
    return PurePath(argv[0]).name, _command_version(argv)


def _tool(text: str) -> str:
    kind, _, what = text.partition(":")
    if kind not in ("package", "command") or not what.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is neither package:NAME nor command:ARGV")
    return text


def _package_version(name: str) -> str:
    try:
        return metadata.version(name)
    except (metadata.PackageNotFoundError, ValueError):
        return ""


def _command_version(argv: Sequence[str]) -> str:
    try:
        result = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=VERSION_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    # Some tools print it to standard error.
    match = _VERSION.search(result.stdout) or _VERSION.search(result.stderr)
    return match.group() if match and result.returncode == 0 else ""


def replay(out: Path) -> None:
    """Show what the step printed, so that it is in the engine's log and in `--progress=plain`."""
    for name, stream in (("stdout", sys.stdout), ("stderr", sys.stderr)):
        stream.write(_text(out / name)[-20_000:])
        stream.flush()


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of this program; see the text of the module."""
    parser = argparse.ArgumentParser(prog="stage", description=__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--accept", default="0")
    parser.add_argument("--timeout", type=float, default=600.0)
    parser.add_argument("--version-of", type=_tool, action="append", default=[])
    parser.add_argument("argv", nargs="+")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    started = time.time()
    code = run(options.argv, options.out, options.timeout)
    seconds = round(time.time() - started, 3)
    facts = {
        "name": options.name,
        "argv": options.argv,
        "started": started,
        "seconds": seconds,
        "exit_code": code,
        # Asked for after the step, so that its time is the tool's alone.
        "versions": dict(version_of(tool) for tool in options.version_of),
        **{name: _text(options.out / name) for name in ("stdout", "stderr")},
    }
    (options.out / "stage.json").write_text(json.dumps(facts, sort_keys=True), encoding="utf-8")
    replay(options.out)
    accepted = {int(item) for item in options.accept.split(",")}
    return 0 if code in accepted else (code if 0 < code < 126 else 1)


if __name__ == "__main__":
    sys.exit(main())
