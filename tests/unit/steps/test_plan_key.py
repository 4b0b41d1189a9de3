"""Encrypted plans: the same bytes for the same key, nothing for another one; and the embedded keys of volumes."""

from __future__ import annotations

from pathlib import Path

import pytest
from slipway.errors import DataError
from slipway.steps import encryption
from slipway.steps import key as signing_key

KEY = bytes(range(64))


def test_the_same_plan_under_the_same_key_gives_the_same_bytes() -> None:
    encrypted = encryption.encrypt(b"plan", KEY)
    assert encrypted == encryption.encrypt(b"plan", KEY)
    assert b"plan" not in encrypted
    assert encryption.decrypt(encrypted, KEY) == b"plan"


@pytest.mark.parametrize("changed", ["key", "byte", "length"])
def test_what_was_changed_does_not_open(changed: str) -> None:
    content = encryption.encrypt(b"plan", KEY)
    if changed == "byte":
        content = content[:-1] + bytes([content[-1] ^ 1])
    if changed == "length":
        content = content[:3]
    with pytest.raises(DataError, match="does not open"):
        encryption.decrypt(content, KEY[::-1] if changed == "key" else KEY)


def test_a_key_is_made_one_time_and_has_a_name(tmp_path: Path) -> None:
    path = encryption.ensure(tmp_path)
    key = encryption.key_in(path)
    assert encryption.key_in(encryption.ensure(tmp_path)) == key
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert encryption.name_of(key) == encryption.name_of(key) != encryption.name_of(KEY)


@pytest.mark.parametrize("text", ["", "not base64!", "AAAA", "ä"])
def test_what_is_no_key_is_refused_with_the_command_that_makes_one(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "key"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="openssl rand"):
        encryption.key_in(path)
    with pytest.raises(DataError, match="openssl rand"):
        encryption.key_in(tmp_path / "missing")


@pytest.fixture
def cosign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that makes a key pair where it is started, another one each time; and a folder for keys."""
    program = tmp_path / "bin" / "cosign"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\n[ "$1" = generate-key-pair ] && echo "PEM $$" > cosign.pub\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    keys = tmp_path / "keys"
    keys.mkdir()
    return keys


def test_the_embedded_pair_is_made_one_time(
    cosign: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert signing_key.main([str(cosign)]) == 0
    first = capsys.readouterr().out
    assert first.startswith("PEM ")
    assert signing_key.main([str(cosign)]) == 0
    assert capsys.readouterr().out == first


def test_of_two_that_make_a_pair_at_once_the_first_one_counts(
    cosign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = cosign / signing_key.PAIR

    def taken(path: Path, target: Path) -> Path:
        del path
        target.mkdir()
        (target / "cosign.pub").write_text("PEM of the other\n")
        raise OSError("directory not empty")

    monkeypatch.setattr(Path, "rename", taken)
    assert signing_key.ensure(cosign) == pair / "cosign.pub"
    assert (pair / "cosign.pub").read_text() == "PEM of the other\n"
