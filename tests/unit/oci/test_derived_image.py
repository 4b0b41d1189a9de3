"""An image derived from a base: layers and history stacked, settings merged, the base checked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from slipway.errors import ContentMismatch, DataError
from slipway.formats.fields import canonical
from slipway.formats.times import created
from slipway.oci.derived_image import AddedLayer, Derived, Settings, derive
from slipway.oci.digests import Digest
from slipway.oci.manifests import LAYER_GZIP, Descriptor

EPOCH = 1_795_478_400
BASE_LAYER = Descriptor.of(b"base", "application/vnd.docker.image.rootfs.diff.tar.gzip")
HISTORY = [
    {"created": "2024-01-01T00:00:00Z", "created_by": "ADD rootfs"},
    {"created": "2024-01-01T00:00:00Z", "created_by": "CMD", "empty_layer": True},
]
BASE: dict[str, object] = {
    "architecture": "amd64",
    "os": "linux",
    "created": "2024-01-01T00:00:00Z",
    "container": "abc",
    "docker_version": "20",
    "config": {
        "Env": ["PATH=/usr/local/bin:/usr/bin", "LANG=C.UTF-8", "X=a=b"],
        "Cmd": ["python3"],
        "Labels": {"base": "yes"},
        "Entrypoint": None,
        "WorkingDir": "/",
    },
    "rootfs": {"type": "layers", "diff_ids": [str(Digest.of(b"base tar"))]},
    "history": HISTORY,
}
ADDED = AddedLayer(
    descriptor=Descriptor.of(b"app", LAYER_GZIP),
    diff_id=Digest.of(b"app tar"),
    created_by="slipway: service",
)
SETTINGS = Settings(
    env={"PORT": "8080", "LANG": "C"},
    labels={"org.opencontainers.image.revision": "abc"},
    entrypoint=("python", "-m", "screening"),
    user="65532:65532",
    working_dir="/app",
    exposed_ports=("8080/tcp",),
    stop_signal="SIGTERM",
)


def manifest(config: bytes, layers: list[Descriptor] | None = None) -> bytes:
    found = [BASE_LAYER] if layers is None else layers
    head = Descriptor.of(config, "application/vnd.docker.container.image.v1+json").to_dict()
    return canonical(
        {"schemaVersion": 2, "config": head, "layers": [each.to_dict() for each in found]}
    )


def build(base: dict[str, object] = BASE, settings: Settings = SETTINGS) -> Derived:
    config = canonical(base)
    return derive(
        base_manifest=manifest(config),
        base_config=config,
        layers=[ADDED],
        settings=settings,
        epoch=EPOCH,
    )


def config_of(image: Derived) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(image.config)
    return read


def test_the_configuration_says_how_the_image_runs() -> None:
    assert config_of(build())["config"] == {
        "Env": ["LANG=C", "PATH=/usr/local/bin:/usr/bin", "PORT=8080", "X=a=b"],
        "Labels": {"base": "yes", "org.opencontainers.image.revision": "abc"},
        "Entrypoint": ["python", "-m", "screening"],
        "User": "65532:65532",
        "WorkingDir": "/app",
        "ExposedPorts": {"8080/tcp": {}},
        "StopSignal": "SIGTERM",
    }


def test_what_is_not_set_stays_as_the_base_has_it() -> None:
    kept = config_of(build(settings=Settings(cmd=("sh",))))["config"]
    assert (kept["Cmd"], kept["WorkingDir"], kept["Labels"]) == (["sh"], "/", {"base": "yes"})
    assert "Entrypoint" not in kept
    assert config_of(build(settings=Settings()))["config"]["Cmd"] == ["python3"]


def test_layers_and_history_are_stacked_and_dated_with_the_commit() -> None:
    image = build()
    config = config_of(image)
    assert config["created"] == created(EPOCH)
    assert config["rootfs"]["diff_ids"] == [str(Digest.of(b"base tar")), str(Digest.of(b"app tar"))]
    line = {"created": created(EPOCH), "created_by": "slipway: service"}
    assert config["history"] == [*HISTORY, line]
    assert "container" not in config
    assert "docker_version" not in config
    assert [each.media_type for each in image.layers] == [LAYER_GZIP, LAYER_GZIP]
    made = json.loads(image.manifest)
    assert made["config"]["digest"] == str(Digest.of(image.config))
    assert [each["digest"] for each in made["layers"]] == [
        str(each.digest) for each in image.layers
    ]


def test_the_same_input_is_the_same_image() -> None:
    assert build().digest == build(dict(reversed(BASE.items()))).digest
    other = build(settings=Settings(env={"A": "b"}))
    assert other.digest != build().digest


def test_the_time_of_a_pull_is_left_out_of_the_bases_history() -> None:
    def pulled(at: str) -> dict[str, Any]:
        stamped = {"created": at, "created_by": "pulled", "comment": "buildkit.exporter.image.v0"}
        return {**BASE, "history": [stamped, *HISTORY[1:]]}

    first, second = (
        build(pulled(at)) for at in ("2026-11-24T05:39:19.88Z", "2026-12-04T12:38:11.14Z")
    )
    assert first.config == second.config
    lines = config_of(first)["history"]
    assert lines[0] == {"created_by": "pulled", "comment": "buildkit.exporter.image.v0"}
    assert lines[1 : len(HISTORY)] == HISTORY[1:]


@pytest.mark.parametrize("history", [None, [], HISTORY + HISTORY])
def test_a_base_without_a_fitting_history_gets_one(history: object) -> None:
    lines = config_of(build({**BASE, "history": history}))["history"]
    assert [line["created_by"] for line in lines] == ["base image", "slipway: service"]


def test_a_bare_base_is_enough() -> None:
    bare = {name: BASE[name] for name in ("architecture", "os", "rootfs")}
    assert config_of(build(bare, Settings()))["config"] == {"Labels": {}}


def test_a_configuration_of_another_image_is_refused() -> None:
    with pytest.raises(ContentMismatch, match="by digest"):
        derive(
            base_manifest=manifest(b"other"),
            base_config=canonical(BASE),
            layers=[ADDED],
            settings=SETTINGS,
            epoch=EPOCH,
        )


def test_an_index_is_refused() -> None:
    with pytest.raises(DataError, match="Choose one platform"):
        derive(
            base_manifest=b'{"manifests": []}',
            base_config=b"{}",
            layers=[ADDED],
            settings=SETTINGS,
            epoch=EPOCH,
        )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"rootfs": {"diff_ids": []}}, "1 layers and 0 diff_ids"),
        ({"rootfs": {"diff_ids": ["x"]}}, "not a sha256 digest"),
        ({"rootfs": None}, "rootfs is null"),
        ({"os": None}, "os is null"),
        ({"config": {"Env": "PATH=/"}}, "config.Env is a string"),
        ({"config": {"Labels": {"a": 1}}}, "config.Labels.a is a whole number"),
    ],
)
def test_a_base_that_makes_no_sense_is_refused(change: dict[str, object], why: str) -> None:
    with pytest.raises(DataError, match=why):
        build({**BASE, **change})
