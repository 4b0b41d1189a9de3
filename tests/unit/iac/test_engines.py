"""Infrastructure engines by their names."""

from __future__ import annotations

import pytest
from slipway import iac
from slipway.config.project import parse
from slipway.config.project_keys import project_keys
from slipway.config.schemas import json_schema
from slipway.errors import ConfigError
from slipway.iac import ENGINES, engine_named, engine_names
from slipway.iac.base import Engine
from slipway.pipeline import catalogue as catalogues
from slipway.runtime.images import SERVERS, ToolImage

from tests.unit.config.test_project import GOOD


def declared(engine: str) -> str:
    """The engine that slipway.yaml names, as the parser reads it."""
    text = GOOD.replace("engine: terraform", engine)
    return parse(text, engine_names()).infrastructure.engine


def test_every_engine_that_slipway_yaml_may_name_is_there() -> None:
    assert declared("") == ENGINES[0].name == "opentofu"
    with pytest.raises(ConfigError, match="expected one of opentofu, terraform"):
        declared("engine: toy")
    for engine in ENGINES:
        assert engine_named(declared(f"engine: {engine.name}")) is engine
        assert engine.title
        assert (engine.image.name, engine.image.command) == (engine.name, engine.command)
        assert engine.image.binary.startswith("/")


def test_an_engine_that_there_is_not_is_told_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match="no infrastructure engine 'pulumi'") as caught:
        engine_named("pulumi")
    assert "opentofu, terraform" in str(caught.value)


def test_images_of_other_engines_and_of_servers_are_no_materials() -> None:
    for engine in ENGINES:
        others = {other.image for other in ENGINES if other is not engine}
        unused = set(catalogues.catalogue()) - set(catalogues.made_with(engine.name))
        assert unused == {*others, *SERVERS}


def test_a_new_engine_is_one_file_and_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    image = ToolImage("toy", "registry.example.com/toy:1", "/toy", "toy")
    toy = Engine(name="toy", command="toy", image=image, title="a toy")
    for module in (iac, catalogues):
        monkeypatch.setattr(module, "ENGINES", (*ENGINES, toy))
    assert engine_named(declared("engine: toy")) is toy
    schema = json_schema(project_keys(engine_names()))["properties"]["infrastructure"]
    assert schema["properties"]["engine"]["enum"] == ["opentofu", "terraform", "toy", None]
    assert image in catalogues.catalogue()
    assert image in catalogues.made_with("toy")
    assert image not in catalogues.made_with("opentofu")
