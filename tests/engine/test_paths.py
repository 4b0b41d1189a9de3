"""Settings: everything follows from one folder, and engines do not meet."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from engine.errors import EngineError
from engine.paths import settings


def test_defaults_lie_in_the_users_cache() -> None:
    own = settings({"XDG_CACHE_HOME": "/cache"})
    assert own.home == Path("/cache/slipway/engine")
    assert (own.port, own.network, own.cidr) == (5199, "slipway", "10.87.0.0/16")
    assert own.socket == Path("/cache/slipway/engine/run/engine.sock")


def test_home_folder_is_taken_without_xdg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert settings({}).home == Path("/home/me/.cache/slipway/engine")


def test_another_folder_has_a_network_of_its_own() -> None:
    found = [settings({"SLIPWAY_ENGINE_HOME": f"/tmp/{name}"}) for name in "abcdefgh"]
    assert len({own.network for own in found}) == len(found)
    for own in found:
        assert len(f"{own.network}0") <= 15, "an interface's name has at most 15 characters"
        assert not ipaddress.ip_network(own.cidr).overlaps(ipaddress.ip_network("10.87.0.0/16"))


def test_a_relative_folder_is_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings({"SLIPWAY_ENGINE_HOME": "here"}).home == tmp_path / "here"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLIPWAY_ENGINE_REGISTRY_PORT", "http"),
        ("SLIPWAY_ENGINE_REGISTRY_PORT", "0"),
        ("SLIPWAY_ENGINE_REGISTRY_PORT", "65536"),
        ("SLIPWAY_ENGINE_HOME", "/" + "x" * 90),
        ("SLIPWAY_ENGINE_NETWORK", "far-too-long-a-name"),
        ("SLIPWAY_ENGINE_NETWORK", "a b"),
        ("SLIPWAY_ENGINE_CIDR", "10.0.0.0"),
        ("SLIPWAY_ENGINE_CIDR", "10.0.0.0/30"),
        ("SLIPWAY_ENGINE_CIDR", "ten"),
    ],
)
def test_wrong_settings_are_named(name: str, value: str) -> None:
    with pytest.raises(EngineError, match=f"{name}={value}"):
        settings({name: value})
