"""Words that the code and its documents no longer use, because the field has a name for the same thing.

A word that means nothing else here is searched for everywhere: in names, comments, documents and messages. Ordinary
English ("once", "inside a container") is searched for as a name only: of a class, a function, a module; in documents,
where a module is mentioned (`settle`, inside/plan.py).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Finding:
    """Where something is wrong, and what."""

    place: str
    what: str

    def text(self) -> str:
        """As compilers print it."""
        return f"{self.place}: {self.what}"


@dataclass(frozen=True, slots=True)
class Exempt:
    """Text that may stay: files that match, what is overlooked there, and why."""

    files: str
    text: str
    why: str


# Words that are searched for everywhere, with what to write instead. Part of a name counts: desk_at, DeskError.
ANYWHERE = {
    "desk": "registry client or publisher",
    "desks": "registry clients or publishers",
    "keeper": "state backend",
    "keepers": "state backends",
    "journal": "run trace",
    "journals": "run traces",
    "seal": "encrypt",
    "seals": "encrypts",
    "sealed": "encrypted",
    "sealing": "encrypting",
    "unseal": "decrypt",
    "unsealed": "not encrypted",
    "spent": "consumed",
    "complaint": "error",
    "complaints": "errors",
    "blind": "not evaluated",
}
# Names of classes, exactly these: "relying party", "keyless", "trust" and "found" are words of the field or of English.
CLASSES = {
    "Party": "RelyingParty",
    "Keyless": "credentialed",
    "Trust": "verifier",
    "Found": "pulled or verified artifact",
    "Origins": "Materials",
}
# Names of functions, methods, parameters and variables, exactly these.
NAMES = {"telling": "user errors", "once": "memoize", "settle": "publish until stable"}
# A method only: a variable may be a box.
METHODS = {"box": "tool container"}
# Names of modules and packages, exactly these.
MODULES = {
    "telling": "user_errors",
    "once": "memo",
    "settle": "publish until stable",
    "inside": "steps",
    "origins": "materials",
    "proof": "verify",
}
EXEMPT = (
    # Published: the file inside every plan artifact. A new name would be another digest, and old plans would not open.
    Exempt("*", "plan.tfplan.sealed", "a file of published plan artifacts"),
    # Published: part of the derived key, so old plans would not open.
    Exempt("*.py", "slipway sealed plan v1", "the purpose in the derivation of plan keys"),
    # Published: the table in the database of a team's state; without it, plans could be applied a second time.
    Exempt("*", "slipway.spent", "a table in the databases of states"),
    # What others call it.
    Exempt("tests/support/vault.py", "unsealed", "a state of HashiCorp Vault"),
    Exempt("engine/*", "inside", "a program of engine/, no package of steps"),
    Exempt("tests/engine/*", "inside", "its test"),
    # Time is spent in English.
    Exempt("*", "time spent", "English"),
    Exempt("*", "seconds spent", "English"),
)
# This list and its tests; recorded output of tools; what others wrote.
SKIPPED = (
    "tests/tools/vocabulary.py",
    "tests/unit/tools/test_vocabulary.py",
    "tests/assets/*",
    "*.lock",
    "*.sum",
    "*.mod",
    "LICENSE",
)
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# The letter of an escape is no part of the word after it.
_ESCAPE = re.compile(r"\\[abfnrtv]")


def words_in(path: Path, root: Path) -> list[Finding]:
    """The findings in a file: in its path, in its text, and in the names of its Python code."""
    if any(fnmatchcase(str(path), pattern) for pattern in SKIPPED) or _is_binary(root / path):
        return []
    hits = {*_in_path(path), *_in_text(path, root)}
    if path.suffix == ".py":
        hits.update(_in_names(path, root))
    return [Finding(f"{path}:{line}", what) for line, what in sorted(hits)]


def _is_binary(path: Path) -> bool:
    return b"\0" in path.read_bytes()[:8192]


Hits = Iterator[tuple[int, str]]


def _in_path(path: Path) -> Hits:
    """Names of folders and files, also of a module's test."""
    for name in (*path.parts[:-1], path.stem.removeprefix("test_")):
        cleaned = _without_exempt(path, name)
        if path.suffix == ".py" and cleaned in MODULES:
            yield 1, f"module {name}: {MODULES[cleaned]}"
        yield from (
            (1, f"{word}: {ANYWHERE[word]}") for word in _parts(cleaned) if word in ANYWHERE
        )


def _in_text(path: Path, root: Path) -> Hits:
    """Words that are searched for everywhere, and mentions of modules."""
    for number, line in enumerate((root / path).read_text(encoding="utf-8").splitlines(), 1):
        cleaned = _without_exempt(path, line)
        for word in _parts(cleaned):
            if word in ANYWHERE:
                yield number, f"{word}: {ANYWHERE[word]}"
        for match in _mention().finditer(cleaned):
            name = next(each for each in match.groups() if each)
            yield number, f"module {name}: {MODULES[name]}"


def _without_exempt(path: Path, text: str) -> str:
    for each in EXEMPT:
        if each.text in text and fnmatchcase(str(path), each.files):
            text = text.replace(each.text, "")
    return text


def _parts(text: str) -> list[str]:
    """The words of a text, those of names one by one."""
    return [part.lower() for part in _PARTS.findall(_ESCAPE.sub(" ", text))]


@cache
def _mention() -> re.Pattern[str]:
    """A module in documents and settings: `name`, name.py, name/file, slipway.name."""
    names = "|".join(MODULES)
    return re.compile(
        rf"`({names})[`./]|(?<![\w/.-])({names})\.py\b|(?<![\w/.-])({names})/[a-z_*]|\bslipway[./]({names})\b"
    )


def _in_names(path: Path, root: Path) -> Hits:
    """Names that are ordinary words elsewhere."""
    for node in ast.walk(ast.parse((root / path).read_text(encoding="utf-8"))):
        line = getattr(node, "lineno", 0)
        for name in _names(node):
            for known in (CLASSES, NAMES):
                if name in known:
                    yield line, f"{name}: {known[name]}"
        for name in _modules(node):
            if name in MODULES and _without_exempt(path, name):
                yield line, f"module {name}: {MODULES[name]}"
        if (method := _method(node)) in METHODS:
            yield line, f"{method}(): {METHODS[method]}"


def _names(node: ast.AST) -> list[str]:
    """The names that a node defines or uses."""
    match node:
        case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.alias():
            return [node.name]
        case ast.Name():
            return [node.id]
        case ast.Attribute():
            return [node.attr]
        case ast.arg() | ast.keyword():
            return [node.arg or ""]
        case _:
            return []


def _modules(node: ast.AST) -> list[str]:
    """The modules that an import names."""
    match node:
        case ast.ImportFrom():
            return [*(node.module or "").split("."), *(each.name for each in node.names)]
        case ast.Import():
            return [part for each in node.names for part in each.name.split(".")]
        case _:
            return []


def _method(node: ast.AST) -> str:
    """The method that a node defines or calls, or ""."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return node.name
    return ""
