"""inside.imports: what a type checker looks at before the service, which changes with the imports only."""

from __future__ import annotations

from pathlib import Path

import pytest
from slipway.steps import imports

SOURCE = '''
"""A part."""

import json, numpy.typing as npt
from collections.abc import Mapping
from . import near
from .near import one
from screening.facts import facts
from support import help_me


def later() -> None:
    from fastapi.responses import Response
'''


def written(folder: Path, **files: str) -> list[str]:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path = path.with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return imports.imported(folder)


def test_modules_of_others_by_their_full_names_wherever_they_are_imported(tmp_path: Path) -> None:
    found = written(tmp_path, src__screening__app=SOURCE, tests__support="import json\n")
    assert found == ["collections.abc", "fastapi.responses", "json", "numpy.typing"]


def test_what_is_done_with_them_changes_nothing(tmp_path: Path) -> None:
    before = written(tmp_path, src__a="import json\nx = json.loads\n")
    assert written(tmp_path, src__a="from json import dumps\n\n\ny = dumps({})\n") == before


def test_what_does_not_parse_is_left_to_the_checker(tmp_path: Path) -> None:
    assert written(tmp_path, bad="import (", null="import os\0", good="import os\n") == ["os"]


def test_it_prints_a_file_that_python_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, src__a="import re\nimport json\n")
    assert imports.main([str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert printed == "import json\nimport re\n"
    compile(printed, "imports.py", "exec")
