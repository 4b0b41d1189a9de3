"""Two contents that should be the same: the file that differs is named, however deep in archives it is."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway.oci.content_diff import differences
from slipway.oci.layer import write_layer

NAMES = st.text("abcxyz", min_size=1, max_size=6)


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip without times."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
    return content.getvalue()


def layered(folder: Path, files: dict[str, bytes]) -> bytes:
    """A layer of these files."""
    for name, data in files.items():
        folder.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        folder.joinpath(name).write_bytes(data)
    target = io.BytesIO()
    write_layer(folder, target, epoch=0, prefix="opt")
    return target.getvalue()


@given(st.binary(), st.binary())
def test_nothing_differs_only_in_the_same_bytes(first: bytes, second: bytes) -> None:
    assert (differences("it", first, second) == []) is (first == second)


@given(
    st.dictionaries(NAMES, st.binary(min_size=1, max_size=200), min_size=1, max_size=4), st.data()
)
def test_one_changed_byte_is_found_in_the_file_that_has_it(
    files: dict[str, bytes], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(files)))
    at = data.draw(st.integers(0, len(files[name]) - 1))
    content = bytearray(files[name])
    content[at] ^= data.draw(st.integers(1, 255))
    changed = {**files, name: bytes(content)}
    # The weights of a model: a zip in a zip.
    first, second = (zipped({"outer": zipped(each), "same": b"x"}) for each in (files, changed))
    found = differences("model.skops", first, second)
    assert {each.where for each in found} == {f"model.skops!/outer!/{name}"}


@given(st.binary(min_size=60, max_size=300), st.data())
def test_a_damaged_archive_is_a_file_whose_bytes_differ(
    content: bytes, data: st.DataObject
) -> None:
    for packed in (zipped({"a": content}), gzip.compress(content, mtime=0)):
        at = data.draw(st.integers(0, len(packed) - 1))
        changed = packed[:at] + bytes([packed[at] ^ 0xFF]) + packed[at + 1 :]
        found = differences("it", packed, changed)
        assert found
        assert all(each.where.partition("!")[0] == "it" for each in found)


def test_a_file_of_a_layer_is_named_with_its_line(tmp_path: Path) -> None:
    first = layered(tmp_path / "1", {"app/main.py": b"import os\nport = 1\n", "x": b""})
    second = layered(tmp_path / "2", {"app/main.py": b"import os\nport = 2\n", "x": b""})
    assert [str(each) for each in differences("layer 4", first, second)] == [
        'layer 4!/opt/app/main.py: line 2: "port = 1" recorded, "port = 2" rebuilt'
    ]


def test_mode_and_presence_in_a_layer(tmp_path: Path) -> None:
    first = layered(tmp_path / "1", {"run": b"x", "old": b""})
    (tmp_path / "2").mkdir()
    (tmp_path / "2" / "run").touch(0o755)
    second = layered(tmp_path / "2", {"run": b"x", "new": b""})
    assert [str(each) for each in differences("l", first, second)] == [
        "l!/opt/new: only in what was rebuilt",
        "l!/opt/old: only in what was recorded",
        'l!/opt/run: mode: "644" recorded, "755" rebuilt',
    ]


@pytest.mark.parametrize(
    ("first", "second", "what"),
    [
        (b'{"a": [1, 2]}', b'{"a": [1, 3]}', "a[1]: 2 recorded, 3 rebuilt"),
        (b'{"a": 1}', b'{"b": 1}', "a: 1 recorded, nothing rebuilt"),
        (b'{"a": 1}', b'{"a": 1.0}', "a: 1 recorded, 1.0 rebuilt"),
        (b'{"a": 1}', b'{"a":  1}', 'line 1: "{\\"a\\": 1}" recorded, "{\\"a\\":  1}" rebuilt'),
        (b"a\nb", b"a", "2 lines recorded, 1 rebuilt"),
        (b"\0a\xff", b"\0b\xff", "byte 1 of 3 recorded and 3 rebuilt: 0x61 recorded, 0x62 rebuilt"),
        (b"\0a", b"\0", "one ends at byte 1 of 2 recorded and 1 rebuilt"),
    ],
)
def test_how_files_differ(first: bytes, second: bytes, what: str) -> None:
    assert differences("f", first, second)[0].what == what


def test_the_same_files_packed_differently(tmp_path: Path) -> None:
    first = layered(tmp_path / "1", {"a": b"text" * 100})
    second = gzip.compress(gzip.decompress(first), compresslevel=1, mtime=0)
    (found,) = differences("layer", first, second)
    assert found.what.startswith("packed differently: byte ")


def test_long_values_are_cut() -> None:
    first, second = (json.dumps({"k": letter * 500}).encode() for letter in "ab")
    (found,) = differences("f", first, second)
    assert len(found.what) < 200
