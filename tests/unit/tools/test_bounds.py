"""The bounds of unit tests: what is counted as covered, and as reached."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools import bounds

SUMMARY = {"num_statements": 10, "covered_lines": 9}


def measured(**files: Any) -> dict[str, Any]:
    """What coverage says of every module of the code: one function, of which a line ran."""
    one = {"summary": SUMMARY, "functions": {"": {"executed_lines": [1]}, "f": {"executed_lines": [2]}}}  # fmt: skip
    paths = [path.relative_to(bounds.CODE).as_posix() for path in bounds.CODE.rglob("*.py")]
    return dict.fromkeys(paths, one) | files


def test_a_module_of_which_only_definitions_ran_is_not_reached() -> None:
    idle = {"functions": {"": {"executed_lines": [1, 2]}, "f": {"executed_lines": []}}}
    assert bounds.unreached(measured(**{"main.py": idle})) == ["main.py"]


def test_a_module_that_nobody_imports_is_not_reached() -> None:
    files = measured()
    del files["errors.py"]
    assert bounds.unreached(files) == ["errors.py"]


def test_a_module_without_functions_is_reached_by_importing_it() -> None:
    constants = {"functions": {"": {"executed_lines": [1]}}}
    assert bounds.unreached(measured(**{"main.py": constants})) == []


def test_lines_of_folders_are_counted_together() -> None:
    bare = {"summary": {"num_statements": 30, "covered_lines": 3}}
    files = {"oci/a.py": {"summary": SUMMARY}, "formats/b.py": bare, "main.py": bare}
    assert bounds.percent(files, ("oci", "formats")) == 30
    assert bounds.percent(files, ("oci",)) == 90
    assert bounds.percent(files, ("nothing",)) == 0


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (None, "a test fails"),
        ({}, "pipeline: 0.0 % covered, less than 90 %"),
        (measured(**{"pipeline/x.py": {"summary": SUMMARY}}), None),
    ],
)
def test_each_bound_that_is_not_kept_is_named(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, Any] | None, words: str | None
) -> None:
    monkeypatch.setattr(bounds, "measured", lambda _tests: files)
    *_, every = bounds.bounds()
    found = bounds.problems(every)
    assert found == [] if words is None else any(words in each for each in found)


def test_folders_of_tests_that_are_bound_are_there() -> None:
    for bound in bounds.bounds():
        assert bound.tests
        assert all((bounds.ROOT / each).is_dir() for each in bound.tests)


def test_seconds_of_a_folder_count_for_the_bounds_that_hold_it() -> None:
    clock = bounds.Clock()
    clock.seconds.update({"oci": 2.0, "formats": 1.0, "pipeline": 4.0})
    assert clock.of(["tests/unit/oci", "tests/unit/formats"]) == 3
    assert clock.of([bounds.UNIT]) == 7
