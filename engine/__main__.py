"""``python3 -m engine``: brings a Dagger engine up where there is none, and takes it down again."""

from __future__ import annotations

import argparse
import os
import shlex
import sys

from engine import doctor, down, recipes
from engine.attend import attend
from engine.engine import client_variables, daemon
from engine.errors import EngineError
from engine.existing import existing
from engine.lock import locked
from engine.paths import Settings, settings
from engine.say import clock, elapsed, say
from engine.status import as_json, as_text, status
from engine.up import bring_up

EPILOG = """
Everything lives in one folder, SLIPWAY_ENGINE_HOME (default: ~/.cache/slipway/engine). The mirror
registry listens on 127.0.0.1, port SLIPWAY_ENGINE_REGISTRY_PORT (default: 5199). Where Docker, the
dagger CLI and the image registries answer, or _EXPERIMENTAL_DAGGER_RUNNER_HOST is set, those are
used and nothing is made.
"""


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 if it went well, 1 with a sentence on standard error if not."""
    options = _parser().parse_args(argv)
    try:
        return int(options.run(settings(), options))
    except EngineError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("\nStopped. `python3 -m engine up` goes on from here.")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m engine", description=__doc__, epilog=EPILOG)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="have an engine running, building what is missing")
    up.add_argument("--tests", action="store_true", help="and make the images that only tests use")
    up.set_defaults(run=_up)
    stop = commands.add_parser("down", help="stop the engine")
    stop.add_argument(
        "--purge",
        action="store_true",
        help="and remove all it made: folder, network interface, iptables rules",
    )
    stop.set_defaults(run=_down)
    show = commands.add_parser("status", help="say what runs, what was made, and how large it is")
    show.add_argument("--json", action="store_true", help="for a script")
    show.set_defaults(run=_status)
    look = commands.add_parser("doctor", help="say what this machine lacks, and how to get it")
    look.set_defaults(run=_doctor)
    env = commands.add_parser("env", help='print the shell lines to reach it: eval "$(…)"')
    env.set_defaults(run=_env)
    run = commands.add_parser("run", help="run a client on it, as in: run dagger call check")
    run.add_argument("client", nargs=argparse.REMAINDER, metavar="COMMAND …")
    run.set_defaults(run=_run)
    return parser


def _up(own: Settings, options: argparse.Namespace) -> int:
    if sentence := existing(own):
        say(sentence)
        return 0
    plan = recipes.load()
    plan = plan if options.tests else plan.without_tests()
    with locked(own.home):
        doctor.require(own, plan)
        down.sweep(own)
        done = bring_up(own, plan)
    for item in done:
        say(f"  {item}")
    say(
        f'The engine is ready ({clock(elapsed())}). For this shell: eval "$(python3 -m engine env)"'
    )
    return 0


def _down(own: Settings, options: argparse.Namespace) -> int:
    with locked(own.home, remove=options.purge):
        stopped = down.stop(own)
        say(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")
        if options.purge:
            removed = down.purge(own)
            say(f"Removed: {', '.join(removed)}." if removed else "Nothing was left to remove.")
    return 0


def _status(own: Settings, options: argparse.Namespace) -> int:
    found = status(own)
    print(as_json(found) if options.json else as_text(found))
    return 0


def _doctor(own: Settings, _: argparse.Namespace) -> int:
    if sentence := existing(own):
        print(sentence)
        return 0
    found = [*doctor.checks(own, recipes.load()), doctor.package_check()]
    for check in found:
        print(
            f"{'missing' if check.problem else 'ok':8} {check.name}"
            f"{': ' if check.problem else ''}{check.problem}"
        )
    return 1 if any(check.problem for check in found) else 0


def _run(own: Settings, options: argparse.Namespace) -> int:
    command = options.client[1:] if options.client[:1] == ["--"] else options.client
    if not command:
        raise EngineError("There is nothing to run: python3 -m engine run dagger call check")
    if existing(own):
        return attend(command, {}, None)
    process = daemon(own)
    if process.running() is None:
        raise EngineError("The engine does not run. Bring it up: python3 -m engine up")
    path = f"{own.bin}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return attend(command, {**client_variables(own), "PATH": path}, process)


def _env(own: Settings, _: argparse.Namespace) -> int:
    if existing(own) is None:
        for key, value in client_variables(own).items():
            print(f"export {key}={shlex.quote(value)}")
        if str(own.bin) not in os.environ.get("PATH", "").split(os.pathsep):
            print(f'export PATH={shlex.quote(str(own.bin))}:"$PATH"')
    return 0


if __name__ == "__main__":
    sys.exit(main())
