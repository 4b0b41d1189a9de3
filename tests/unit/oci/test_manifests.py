"""OCI manifests: as the specification has them, and the same bytes every time."""

from __future__ import annotations

import json

import pytest
from slipway.errors import DataError
from slipway.formats.fields import Fields, canonical
from slipway.formats.times import created
from slipway.oci import manifests as oci
from slipway.oci.digests import Digest

LAYER = oci.Descriptor.of(b"layer", oci.LAYER_GZIP)


def test_the_empty_descriptor_is_that_of_the_specification() -> None:
    empty = oci.Descriptor.of(oci.EMPTY, oci.EMPTY_TYPE)
    assert (empty.size, str(empty.digest)) == (
        2,
        "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    )


def test_a_release_is_an_artifact_of_one_layer() -> None:
    manifest = oci.release_manifest(b"{}")
    assert json.loads(manifest) == {
        "schemaVersion": 2,
        "mediaType": oci.MANIFEST,
        "artifactType": "application/vnd.slipway.release.v1+json",
        "config": {"mediaType": oci.EMPTY_TYPE, "size": 2, "digest": str(Digest.of(b"{}"))},
        "layers": [
            {
                "mediaType": "application/vnd.slipway.release.v1+json",
                "size": 2,
                "digest": str(Digest.of(b"{}")),
                "annotations": {"org.opencontainers.image.title": "release.json"},
            }
        ],
    }
    assert manifest == oci.release_manifest(b"{}")
    assert b" " not in manifest


def test_an_artifact_may_have_a_subject_and_annotations() -> None:
    subject = oci.Descriptor.of(b"image", oci.MANIFEST)
    made = json.loads(
        oci.artifact_manifest("a/b", [LAYER], annotations={"x": "y"}, subject=subject)
    )
    assert made["subject"] == subject.to_dict()
    assert made["annotations"] == {"x": "y"}


def test_a_manifest_without_layers_is_refused() -> None:
    with pytest.raises(DataError, match="at least one layer"):
        oci.image_manifest(LAYER, [])


def test_times_are_the_callers() -> None:
    assert created(0) == "1970-01-01T00:00:00Z"
    assert created(1_795_478_400) == "2026-11-24T00:00:00Z"


@pytest.mark.parametrize("epoch", [10**30, -(10**30)])
def test_a_time_out_of_range_is_told(epoch: int) -> None:
    with pytest.raises(DataError, match="not a time"):
        created(epoch)


def test_a_descriptor_survives_json() -> None:
    one = oci.Descriptor.of(b"x", "a/b", {"k": "v"})
    for each in (one, LAYER):
        fields = Fields.parse(canonical(each.to_dict()), where="manifest")
        assert oci.Descriptor.from_fields(fields) == each


def test_a_descriptor_has_a_size() -> None:
    text = canonical({**LAYER.to_dict(), "size": -1})
    with pytest.raises(DataError, match="less than nothing"):
        oci.Descriptor.from_fields(Fields.parse(text, where="manifest"))


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, {"a": b"bytes"}])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(DataError, match="cannot be written as JSON"):
        canonical(value)


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', '{"a":NaN}', "[" * 100_000, "9" * 5000, b"\xff"])
def test_json_that_two_readers_understand_differently_is_refused(text: str | bytes) -> None:
    with pytest.raises(DataError, match="this is not JSON"):
        Fields.parse(text, where="x")


def test_fields_have_types() -> None:
    fields = Fields.parse('{"yes": true, "n": 1, "half": 0.5, "list": ["a", 1]}', where="x")
    assert (fields.flag("yes"), fields.whole("n"), fields.number("n"), fields.number("half")) == (
        True,
        1,
        1.0,
        0.5,
    )
    for read, name in ((fields.whole, "yes"), (fields.texts, "list"), (fields.inner, "n")):
        with pytest.raises(DataError, match=", not "):
            read(name)
