"""``python3 -m engine``: an engine that is there."""

from __future__ import annotations

import argparse
import sys

from engine import recipes
from engine.errors import EngineError
from engine.lock import locked
from engine.paths import settings
from engine.up import bring_up, shell_lines, sweep


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m engine")
    parser.add_argument("command", choices=["up", "env"])
    options = parser.parse_args(argv)
    own = settings()
    try:
        if options.command == "up":
            with locked(own.home):
                sweep(own)
                for item in bring_up(own, recipes.load()):
                    print(item)
        else:
            print("\n".join(shell_lines(own)))
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
