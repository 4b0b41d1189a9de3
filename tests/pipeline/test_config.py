"""A project whose slipway.yaml is missing or says something impossible."""

from __future__ import annotations

import pytest
from slipway.artifacts.source import CONFIG, Source, open_source
from slipway.errors import ConfigError
from slipway.iac import engine_names

from ..support.project import Project, assert_told, last_error

pytestmark = [pytest.mark.engine, pytest.mark.anyio]

BAD = {
    "not YAML": (("version: 1", "version: [1"), ("slipway.yaml", "YAML")),
    "unknown key": (("threshold: 0.97", "treshold: 0.97"), ("treshold", "threshold")),
    "unknown section": (("gates:", "gate:"), ("gate", "gates")),
    "wrong type": (("threshold: 0.97", "threshold: high"), ("model.threshold", "high")),
    "out of range": (("threshold: 0.97", "threshold: 97"), ("model.threshold", "97")),
    "bad port": (("port: 8080", "port: eighty"), ("service.port", "eighty")),
    "unknown engine": (("engine: opentofu", "engine: pulumi"), ("infrastructure.engine", "pulumi")),
    "unknown version": (("version: 1", "version: 9"), ("version", "9")),
    "missing folder": (("folder: service", "folder: servce"), ("service.folder", "servce")),
    "missing schema": (("schema: service/schema.json", "schema: no.json"), ("model.schema", "no.json")),
    "missing source": (("- pyproject.toml", "- pyproject.tml"), ("model.sources", "pyproject.tml")),
    "missing data": (("metric: roc_auc", "metric: roc_auc\n  data: d.csv"), ("model.data", "d.csv")),
}  # fmt: skip


@pytest.mark.parametrize(("change", "words"), BAD.values(), ids=BAD)
async def test_a_bad_declaration_is_refused_in_one_sentence(
    source: Source, reference: Project, change: tuple[str, str], words: tuple[str, ...]
) -> None:
    text = (reference.folder / CONFIG).read_text(encoding="utf-8")
    assert change[0] in text
    tree = source.tree.with_new_file(CONFIG, text.replace(*change, 1))
    with pytest.raises(ConfigError) as caught:
        await open_source(tree, source.tools, engine_names())
    assert_told(str(caught.value), *words)


async def test_a_missing_declaration_is_said(source: Source) -> None:
    with pytest.raises(ConfigError) as caught:
        await open_source(source.tree.without_file(CONFIG), source.tools, engine_names())
    assert_told(str(caught.value), CONFIG, "root of the project")


def test_dagger_call_ends_with_the_sentence_and_an_exit_code(project: Project) -> None:
    project.edit(CONFIG, "threshold: 0.97", "treshold: 0.97").commit()
    done = project.call("release")
    assert_told(last_error(done), "treshold", "threshold")
    assert done.stdout == ""
