"""docs/build-types.md against what provenance may say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from slipway.attestations.provenance import PARAMETERS, BuildType
from slipway.pipeline.catalogue import catalogue
from slipway.pipeline.materials import SHARED, declared
from slipway.runtime.images import SERVERS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/build-types.md").read_text(encoding="utf-8")
COMMON, *SECTIONS = re.split(r"^## ", PAGE, flags=re.MULTILINE)


def rows(text: str, head: str) -> list[str]:
    """The names in the first column of the table with this head."""
    (table,) = re.findall(rf"^\| {head} \|.*\n\|---.*\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [
        name for row in table.splitlines() for name in re.findall(r"`([^`]+)`", row.split("|")[1])
    ]


def test_each_build_type_has_its_section() -> None:
    titles = [section.splitlines()[0].strip("`") for section in SECTIONS]
    assert titles == [each.value for each in BuildType]


@pytest.mark.parametrize("kind", list(BuildType), ids=lambda kind: kind.name)
def test_its_tables_are_the_programs(kind: BuildType) -> None:
    (section,) = (each for each in SECTIONS if each.startswith(f"`{kind.value}`"))
    assert sorted(rows(section, "external parameter")) == sorted(PARAMETERS[kind])
    assert sorted(rows(section, "dependency")) == sorted(declared(kind))


def test_what_all_are_made_of_is_told() -> None:
    told = rows(COMMON, "dependency")
    images = {image.name for image in catalogue() if image not in SERVERS}
    assert set(told) == {*SHARED, *images}
