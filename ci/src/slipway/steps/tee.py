"""Start a service with its output going to the console and to a file that outlives it.

    python tee.py LOG USER:GROUP argv…

It runs as root, so that it can write the log, and the service as the numeric user that the image declares.

A service that dies takes its output with it: the smoke test reads LOG from a shared volume to say why. Signals
that stop a container are handed on, so that the service still ends gracefully.
"""

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType


def main(arguments: Sequence[str]) -> int:
    """Run arguments[2:] as the user arguments[1], copying its output to the file arguments[0]."""
    log, argv = Path(arguments[0]), arguments[2:]
    user, _, group = arguments[1].partition(":")
    with log.open("wb", buffering=0) as sink:
        try:
            child = subprocess.Popen(
                argv,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                user=int(user),
                group=int(group),
                extra_groups=[],
            )
        except OSError as error:
            sink.write(f"{argv[0]} does not start: {error.strerror}\n".encode())
            return 127

        def hand_on(number: int, _frame: FrameType | None) -> None:
            child.send_signal(number)

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, hand_on)
        for line in child.stdout or ():
            sink.write(line)
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
        code = child.wait()
        sink.write(f"the service ended with exit code {code}\n".encode())
        return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
