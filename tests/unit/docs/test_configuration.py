"""Schemas and tables of keys are what the declaration gives, and each example names its schema."""

import re
from pathlib import Path

import pytest

from tests.tools import schemas

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/configuration.md"


@pytest.mark.parametrize(("path", "content"), schemas.files().items(), ids=lambda text: text[:40])
def test_what_is_generated_is_up_to_date(path: str, content: str) -> None:
    regenerate = "run PYTHONPATH=ci/src python -m tests.tools.schemas"
    assert (ROOT / path).read_text(encoding="utf-8") == content, regenerate


@pytest.mark.parametrize("folder", [".", "examples/minimal"])
@pytest.mark.parametrize("name", ["slipway", "policy"])
def test_the_first_line_names_the_schema(folder: str, name: str) -> None:
    file = ROOT / folder / f"{name}.yaml"
    first = file.read_text(encoding="utf-8").splitlines()[0]
    path = first.removeprefix("# yaml-language-server: $schema=")
    assert path != first
    assert (file.parent / path).resolve() == ROOT / f"docs/schemas/{name}.schema.json"


def test_the_page_has_every_key_once() -> None:
    listed = re.findall(r"^\| `([a-z.\[\]-]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == [path for path, _ in schemas.rows(schemas.PROJECT)]
    assert {"version", "service.port", "gates.ignore[].expires", "environments"} <= set(listed)


def test_links_of_the_page_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", PAGE.read_text(encoding="utf-8"))
    assert len(targets) > 5
    assert [target for target in targets if not (PAGE.parent / target).exists()] == []
