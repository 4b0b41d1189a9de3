"""Compile every Python file below a folder, the same bytes every time.

    python -m slipway.steps.bytecode DIR

The byte-code holds no time but a hash of its source that is never checked (PEP 552): the files of an image do not
change. A constant is written in a way that depends on the hash seed and on what the process compiled before, so the
seed is fixed, and one process compiles all files in the order of their names. Files that are no Python of this version
(templates, tests of a parser) are left alone.
"""

import os
import py_compile
import sys
from collections.abc import Sequence
from pathlib import Path


def compile_all(folder: Path) -> int:
    """Compile; gives the number of files compiled."""
    count = 0
    for path in sorted(folder.rglob("*.py")):
        if {"test", "tests"} & set(path.parent.parts):
            continue  # left out of images, and nobody runs them
        try:
            py_compile.compile(
                str(path),
                doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
        except (py_compile.PyCompileError, SyntaxError, ValueError, UnicodeDecodeError):
            continue
        count += 1
    return count


def main(arguments: Sequence[str]) -> int:
    """Command line of this program; see the text of the module."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        command = [sys.executable, "-m", "slipway.steps.bytecode", *arguments]
        os.execve(sys.executable, command, {**os.environ, "PYTHONHASHSEED": "0"})  # noqa: S606
    print(f"{compile_all(Path(arguments[0]))} files compiled")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
