"""Layers: the same bytes whatever the machine did to times, modes and order; nothing that a layer
may not hold.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import socket
import tarfile
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slipway.errors import DataError
from slipway.oci.layer import Layer, write_layer

NAMES = st.text(alphabet="ab.é-", min_size=1, max_size=4).filter(lambda name: name.strip("."))
TREES = st.dictionaries(
    st.lists(NAMES, min_size=1, max_size=3).map("/".join), st.binary(max_size=9)
)


def layer(folder: Path, prefix: str = "", without: tuple[str, ...] = ()) -> tuple[Layer, bytes]:
    target = io.BytesIO()
    made = write_layer(folder, target, epoch=1_000_000_000, prefix=prefix, without=without)
    return made, target.getvalue()


def members(content: bytes) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
        return tar.getmembers()


def put(folder: Path, files: dict[str, bytes], mtime: int, mode: int) -> None:
    """Writes the tree in the order given, with these times and modes; what cannot stand together
    is left out.
    """
    for name, content in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError:
            continue
        path.chmod(mode)
        os.utime(path, (mtime, mtime))


@settings(max_examples=15)
@given(files=TREES, mtime=st.integers(0, 2**31), mask=st.sampled_from([0o600, 0o644, 0o666]))
def test_times_modes_and_order_do_not_matter(
    files: dict[str, bytes], mtime: int, mask: int
) -> None:
    paths = [*files]
    apart = {name: files[name] for name in paths if not any(f"{name}/" in other for other in paths)}
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        put(Path(one), apart, mtime, mask)
        put(Path(two), dict(reversed(apart.items())), 7, 0o640)
        (first, content), (second, _) = layer(Path(one)), layer(Path(two))
    assert first == second
    assert {each.mtime for each in members(content)} <= {1_000_000_000}
    assert sorted(each.name for each in members(content) if each.isfile()) == sorted(apart)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(
        tmp_path,
        {
            "app/main.py": b"x",
            "app/tests/test_main.py": b"y",
            "app/__pycache__/main.cpython-311.pyc": b"z",
            "docs/a.md": b"d",
            "old.pyc": b"o",
        },
        5,
        0o600,
    )
    (tmp_path / "run").write_text("#!/bin/sh\n")
    (tmp_path / "run").chmod(0o700)
    (tmp_path / "link").symlink_to("./app//main.py")
    (tmp_path / "folder-link").symlink_to("app")
    return tmp_path


def test_the_layer_is_normalised(folder: Path) -> None:
    _, content = layer(folder)
    found = {each.name: each for each in members(content)}
    assert [*found] == [
        "app",
        "app/main.py",
        "app/tests",
        "app/tests/test_main.py",
        "docs",
        "docs/a.md",
        "folder-link",
        "link",
        "run",
    ]
    assert {(each.uid, each.gid, each.uname, each.gname) for each in found.values()} == {
        (0, 0, "", "")
    }
    modes = {name: oct(found[name].mode) for name in ("app", "app/main.py", "run")}
    assert modes == {"app": "0o755", "app/main.py": "0o644", "run": "0o755"}
    assert found["link"].linkname == "./app//main.py"
    assert not any(each.pax_headers for each in found.values())


def test_the_digests_are_those_of_what_was_written(folder: Path) -> None:
    made, content = layer(folder)
    assert made.size == len(content)
    assert made.digest.hex == hashlib.sha256(content).hexdigest()
    assert made.diff_id.hex == hashlib.sha256(gzip.decompress(content)).hexdigest()
    assert content[4:8] == b"\0\0\0\0"  # the time in gzip's header
    assert content[3] == 0  # no flags: no name of a file either


def test_the_content_comes_back(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    target = tmp_path_factory.mktemp("out")
    with tarfile.open(fileobj=io.BytesIO(layer(folder)[1]), mode="r:gz") as tar:
        tar.extractall(target, filter="data")
    assert (target / "app/main.py").read_bytes() == b"x"


@pytest.mark.parametrize(
    ("without", "gone"),
    [(("tests",), "app/tests"), (("docs/*",), "docs/a.md"), (("*.py",), "app/main.py")],
)
def test_patterns_leave_out(folder: Path, without: tuple[str, ...], gone: str) -> None:
    names = {each.name for each in members(layer(folder, without=without)[1])}
    assert gone not in names
    assert "run" in names


@pytest.mark.parametrize("prefix", ["opt/app", "/opt/app/"])
def test_a_prefix_brings_its_folders(folder: Path, prefix: str) -> None:
    names = [each.name for each in members(layer(folder, prefix=prefix, without=("*",))[1])]
    assert names == ["opt", "opt/app"]
    inside = [each.name for each in members(layer(folder, prefix=prefix)[1])]
    assert inside[:3] == ["opt", "opt/app", "opt/app/app"]


def test_long_names_fit(tmp_path: Path) -> None:
    put(tmp_path, {"/".join(["long" * 20] * 4): b"x"}, 1, 0o644)
    assert len(members(layer(tmp_path)[1])[-1].name) > 300


@pytest.mark.parametrize("prefix", ["..", "a/../../b", "./a"])
def test_a_prefix_stays_in_the_image(folder: Path, prefix: str) -> None:
    with pytest.raises(DataError, match="not a place in an image"):
        layer(folder, prefix=prefix)


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="a device, a pipe or a socket") as caught:
        layer(tmp_path)
    assert "pipe" in str(caught.value)


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("s")
        with pytest.raises(DataError, match="a device, a pipe or a socket"):
            layer(tmp_path)


def test_no_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a folder"):
        layer(tmp_path / "missing")
