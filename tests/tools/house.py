"""The size of functions and files, and words that the code and its documents no longer use.

    .venv/bin/python -m tests.tools.house

Prints the numbers of each folder, and each finding with its file and line. Ends with 1 where there is a finding.
"""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .vocabulary import Finding, words_in

ROOT = Path(__file__).parents[2]
FOLDERS = ("ci/src", "engine", "benchmarks", "tests")
FUNCTION, FILE, MEDIAN = 48, 300, 10


@dataclass(frozen=True, slots=True)
class Sizes:
    """Lines of the functions and files of a folder; each with the place that a finding names."""

    folder: str
    functions: tuple[tuple[int, str], ...]
    files: tuple[tuple[int, str], ...]

    @property
    def median(self) -> float:
        """The median length of its functions."""
        return statistics.median(length for length, _ in self.functions) if self.functions else 0

    def text(self) -> str:
        """One line for a person."""
        longest, largest = max(self.functions, default=(0, "")), max(self.files, default=(0, ""))
        return (
            f"{self.folder:10} {len(self.functions):5} functions, median {self.median:g} lines, longest {longest[0]};"
            f" {len(self.files):4} files, largest {largest[0]}"
        )

    def findings(self) -> list[Finding]:
        """What is over a limit."""
        functions = [
            Finding(place, f"the function has {length} lines, more than {FUNCTION}")
            for length, place in self.functions
            if length > FUNCTION
        ]
        files = [
            Finding(place, f"the file has {length} lines, more than {FILE}")
            for length, place in self.files
            if length > FILE
        ]
        if self.median > MEDIAN:
            text = f"the median function has {self.median:g} lines, more than {MEDIAN}"
            return [*functions, *files, Finding(self.folder, text)]
        return [*functions, *files]


def tracked(root: Path = ROOT) -> list[Path]:
    """The files of the repository, also those that are not committed yet, relative to its root."""
    argv = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=True)
    paths = (Path(line) for line in sorted(set(done.stdout.splitlines())))
    return [path for path in paths if (root / path).is_file()]


def sizes(folder: str, paths: Sequence[Path], root: Path = ROOT) -> Sizes:
    """The sizes of a folder's Python code."""
    functions: list[tuple[int, str]] = []
    files: list[tuple[int, str]] = []
    for path in paths:
        if path.suffix == ".py" and path.is_relative_to(folder):
            text = (root / path).read_text(encoding="utf-8")
            files.append((len(text.splitlines()), f"{path}:1"))
            functions += ((length, f"{path}:{line}") for length, line in _functions(text))
    return Sizes(folder, tuple(functions), tuple(files))


def _functions(text: str) -> Iterator[tuple[int, int]]:
    """The length and the first line of each function; decorators do not count."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or node.lineno) - node.lineno + 1, node.lineno


def too_large(root: Path = ROOT) -> list[Finding]:
    """Every function, file and median over its limit."""
    paths = tracked(root)
    return [finding for folder in FOLDERS for finding in sizes(folder, paths, root).findings()]


def old_words(root: Path = ROOT) -> list[Finding]:
    """Every place with a word of the old vocabulary."""
    return [finding for path in tracked(root) for finding in words_in(path, root)]


def main() -> int:
    """The numbers, then the findings."""
    paths = tracked()
    for folder in FOLDERS:
        print(sizes(folder, paths).text())
    findings = [*too_large(), *old_words()]
    for finding in findings:
        print(finding.text())
    print(f"{len(findings)} findings" if findings else "no findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
