"""Write down which modules of others the Python files below a folder import, one `import` a line, sorted.

    python -m slipway.steps.imports DIR

It is what a type checker can look at before it looks at the folder. Files that do not parse are left to the checker,
which says so; a name that is one of the folder's own files or folders is taken for its own.
"""

import ast
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path


def imported(folder: Path) -> list[str]:
    """The modules, by their full names."""
    files = sorted(folder.rglob("*.py"))
    places = [path.relative_to(folder) for path in files]
    own = {path.stem for path in places} | {part for path in places for part in path.parts[:-1]}
    names = {name for path in files for name in _named(path)}
    return sorted(name for name in names if name.partition(".")[0] not in own)


def _named(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def main(arguments: Sequence[str]) -> int:
    """Command line of this program; see the text of the module."""
    print("".join(f"import {name}\n" for name in imported(Path(arguments[0]))), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
