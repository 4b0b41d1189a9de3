"""docs/exit-codes.md against the error tree."""

from __future__ import annotations

import re
from pathlib import Path

import slipway.main
from slipway.errors import InvalidReference, SlipwayError
from slipway.formats.pickle_opcodes import PickleRefused
from slipway.formats.weights import ModelFileRefused
from slipway.pipeline.verify import ReleaseRefused

ROOT = Path(__file__).parents[3]
ROW = re.compile(r"^\| (\d+) \| (?:`(\w+)`)? ?\| (.+) \|", re.MULTILINE)
# What to do is the same as for the base class: fix the file or the reference, do not use the release.
INHERITS = {InvalidReference, ModelFileRefused, PickleRefused, ReleaseRefused}
# A shell, timeout and docker give these a meaning of their own.
TAKEN = {0, 1, 2, *range(124, 256)}


def subclasses(parent: type[SlipwayError]) -> set[type[SlipwayError]]:
    """All subclasses in the package, at any depth."""
    direct = {each for each in parent.__subclasses__() if each.__module__.startswith("slipway.")}
    return direct.union(*(subclasses(each) for each in direct))


def test_every_error_has_an_exit_code_of_its_own_or_inherits_one_on_purpose() -> None:
    # Importing the module's entry point imports every file that may define an error.
    assert slipway.main.Slipway.__module__ == "slipway.main"
    tree = subclasses(SlipwayError)
    assert tree >= INHERITS
    assert {each for each in tree if "code" not in vars(each)} == INHERITS
    codes = [each.code for each in tree - INHERITS]
    assert len(codes) > 10
    assert len(set(codes)) == len(codes)
    assert not TAKEN & set(codes)


def test_the_table_lists_the_classes_in_order() -> None:
    rows = ROW.findall((ROOT / "docs" / "exit-codes.md").read_text(encoding="utf-8"))
    classes = {each.__name__: each.code for each in subclasses(SlipwayError) - INHERITS}
    assert {kind: int(code) for code, kind, _ in rows if kind} == classes
    assert [int(code) for code, _, _ in rows] == sorted({0, 1, 2} | set(classes.values()))


def test_readme_links_the_table() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert (
        "docs/exit-codes.md" in readme.partition("## When a stage fails")[2].partition("\n## ")[0]
    )
