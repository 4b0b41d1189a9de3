"""Files of a model: each kind by its content, and what only looks like one."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import struct
import zipfile
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slipway.errors import DataError
from slipway.formats.weights import Kind, examine, members_of

SCHEMA = {"__module__": "sklearn.linear_model", "__class__": "LogisticRegression", "content": [{}]}
ARRAY = (
    b"\x93NUMPY\x01\x00\x46\x00"
    + b"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }".ljust(70)
    + bytes(8)
)
OBJECTS = ARRAY.replace(b"'<f8'", b"'|O' ")


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return target.getvalue()


def skops(**members: bytes) -> bytes:
    return zipped({"schema.json": json.dumps(SCHEMA).encode(), "1.npy": ARRAY, **members})


def tensors(header: object, body: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


ONE = {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
ONNX = b"\x08\x0a\x3a\x02\x0a\x00"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("model.skops", skops(), Kind.SKOPS),
        ("model.safetensors", tensors(ONE, bytes(8)), Kind.SAFETENSORS),
        (
            "model.safetensors",
            tensors({**ONE, "__metadata__": {"a": "b"}}, bytes(8)),
            Kind.SAFETENSORS,
        ),
        ("model.onnx", ONNX, Kind.ONNX),
        ("card.md", "Größe".encode(), Kind.TEXT),
        ("metrics.json", b"{}", Kind.TEXT),
    ],
)
def test_each_kind_is_known_by_its_content(name: str, content: bytes, kind: Kind) -> None:
    assert examine(name, content) is kind


def test_a_pickle_needs_leave_for_each_of_its_globals() -> None:
    content = pickle.dumps({"a": complex(1)})
    with pytest.raises(DataError, match="runs code when it is loaded"):
        examine("model.pkl", content)
    with pytest.raises(DataError, match=r"builtins\.complex"):
        examine("model.joblib", content, allowed=[("builtins", "dict")])
    assert examine("model.pkl", content, allowed=[("builtins", "complex")]) is Kind.PICKLE


def test_a_type_that_skops_does_not_know_needs_leave() -> None:
    schema = json.dumps({"a": [{"__module__": "os", "__class__": "system"}]}).encode()
    with pytest.raises(DataError, match=r"nobody trusts: os\.system"):
        examine("m.skops", skops(**{"schema.json": schema}))
    kind = examine("m.skops", skops(**{"schema.json": schema}), types=["os.system"])
    assert kind is Kind.SKOPS


LINK = zipfile.ZipInfo("1.npy")
LINK.external_attr = 0o120777 << 16


def linked() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("schema.json", json.dumps(SCHEMA))
        archive.writestr(LINK, "/etc/passwd")
    return target.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model", skops()),
        ("model.pt", skops()),
        ("model.npy", ARRAY),
        ("model.gz", b"\x1f\x8b"),
        ("model.skops", b"no zip"),
        ("model.skops", ONNX),
        ("model.skops", zipped({"a": b""})),
        ("model.skops", skops(**{"data.pkl": b"N."})),
        ("model.skops", skops(**{"2.npy": OBJECTS})),
        ("model.skops", skops(**{"2.npy": b"short"})),
        ("model.skops", skops(**{"../up.npy": ARRAY})),
        ("model.skops", skops(**{"/abs.npy": ARRAY})),
        ("model.skops", skops(**{"c:/x.npy": ARRAY})),
        ("model.skops", b"#!/bin/sh\n" + skops()),
        ("model.skops", skops() + b"x"),
        ("model.skops", skops()[:-30]),
        ("model.skops", linked()),
        ("model.skops", zipped({"schema.json": b"{}", "1.npy": bytes(9_000_000)}, zipfile.ZIP_DEFLATED)),
        ("model.skops", skops(**{"schema.json": b"[]"})),
        ("model.safetensors", b""),
        ("model.safetensors", skops()),
        ("model.safetensors", tensors(ONE)),
        ("model.safetensors", tensors(ONE, bytes(9))),
        ("model.safetensors", tensors({"a": {**ONE["a"], "data_offsets": [4, 12]}}, bytes(12))),
        ("model.safetensors", tensors({"a": {**ONE["a"], "shape": [3]}}, bytes(8))),
        ("model.safetensors", tensors({"a": {**ONE["a"], "shape": [-2]}}, bytes(8))),
        ("model.safetensors", tensors({"a": {**ONE["a"], "dtype": "F99"}}, bytes(8))),
        ("model.safetensors", tensors({**ONE, "b": ONE["a"]}, bytes(8))),
        ("model.onnx", b""),
        ("model.onnx", b"\x08\x0a"),
        ("model.onnx", skops()),
        ("metrics.json", b"cos\nsystem\n(S'true'\ntR."),
        ("metrics.json", b"\x80\x04N."),
        ("card.md", b"a\0b"),
    ],
)  # fmt: skip
def test_what_is_none_of_them_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(DataError) as caught:
        examine(name, content)
    assert name in str(caught.value)


def test_a_compressed_pickle_is_refused() -> None:
    content = gzip.compress(pickle.dumps({"a": complex(1)}), mtime=0)
    with pytest.raises(DataError, match="compressed"):
        examine("model.pkl", content, allowed=[("builtins", "complex")])


def test_a_member_that_stands_twice_is_refused() -> None:
    # Written under two names of one length, as zipfile would warn: then one is changed into the other.
    twice = zipped({"aa": b"1", "ab": b"2"}).replace(b"ab", b"aa")
    with pytest.raises(DataError, match="twice"):
        members_of("x", twice)


@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from(["m.skops", "m.safetensors", "m.onnx", "m.pkl"]),
    st.binary(max_size=80),
    st.data(),
)
def test_any_bytes_are_a_kind_or_refused(name: str, content: bytes, data: st.DataObject) -> None:
    good = {"m.skops": skops(), "m.safetensors": tensors(ONE, bytes(8)), "m.onnx": ONNX}
    start = good.get(name, b"")[: data.draw(st.integers(0, 400))]
    try:
        examine(name, start + content, allowed=[("a", "b")])
    except DataError:
        return
