"""Layers: the same input gives the same bytes, and Debian's own folders stay as they are."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from engine.layers import TIME, Entry, file_digest, tree, write_layer


def _members(path: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(path) as tar:
        return {member.name: member for member in tar}


def test_order_and_time_do_not_matter(tmp_path: Path) -> None:
    file = tmp_path / "program"
    file.write_bytes(b"x" * 3_000_000)
    entries = {
        "/ko-app/b": Entry(source=file, mode=0o755),
        "/etc/a": Entry(data=b"a"),
        "/usr/local/bin/l": Entry(link="/x"),
    }
    first = write_layer(entries, tmp_path / "1.tar.gz")
    os.utime(file, (0, 0))
    second = write_layer(dict(reversed(entries.items())), tmp_path / "2.tar.gz")
    assert (first.digest, first.diff_id, first.size) == (
        second.digest,
        second.diff_id,
        second.size,
    )
    assert first.digest == file_digest(first.path)


def test_one_byte_makes_another_layer(tmp_path: Path) -> None:
    one = write_layer({"/a": Entry(data=b"1")}, tmp_path / "1")
    two = write_layer({"/a": Entry(data=b"2")}, tmp_path / "2")
    assert one.diff_id != two.diff_id


def test_members_belong_to_root_at_one_time(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("f")
    entries = {"/ko-app/f": Entry(source=tmp_path / "f", mode=0o755), "/data": Entry()}
    members = _members(write_layer(entries, tmp_path / "l").path)
    assert list(members) == ["data", "ko-app", "ko-app/f"]
    assert members["data"].isdir()
    assert members["ko-app/f"].mode == 0o755
    assert {(m.uid, m.gid, m.mtime) for m in members.values()} == {(0, 0, TIME)}


def test_folders_of_debian_are_left_alone(tmp_path: Path) -> None:
    entries = {
        "/bin/registry": Entry(data=b""),
        "/root/.cache/go-build": Entry(),
        "/etc/pip.conf": Entry(data=b""),
    }
    members = _members(write_layer(entries, tmp_path / "l").path)
    # /bin is a link to /usr/bin there, /root has mode 0700: an entry of ours would replace that.
    assert list(members) == [
        "etc/pip.conf",
        "root/.cache",
        "root/.cache/go-build",
        "usr/bin/registry",
    ]


def test_unreadable_source_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "layer"
    with pytest.raises(FileNotFoundError):
        write_layer({"/a": Entry(source=tmp_path / "gone")}, target)
    assert list(tmp_path.iterdir()) == []


def test_tree_follows_links_and_skips(tmp_path: Path) -> None:
    (tmp_path / "go" / "bin").mkdir(parents=True)
    (tmp_path / "go" / "test" / "deep").mkdir(parents=True)
    (tmp_path / "go" / "test" / "deep" / "x").write_text("x")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "lib.go").write_text("lib")
    (tmp_path / "go" / "src").symlink_to(tmp_path / "elsewhere")
    program = tmp_path / "go" / "bin" / "go"
    program.write_text("go")
    program.chmod(0o700)
    found = tree(tmp_path / "go", "/usr/local/go", frozenset({"test"}))
    assert {name: entry.mode for name, entry in found.items()} == {
        "/usr/local/go/bin/go": 0o755,
        "/usr/local/go/src/lib.go": 0o644,
    }
