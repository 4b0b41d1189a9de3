"""Pickles are read, never loaded; and no reader of the same bytes may see more in them than ours."""

from __future__ import annotations

import bz2
import collections
import datetime as dt
import fractions
import gzip
import io
import lzma
import pickle
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slipway.formats import pickle_opcodes
from slipway.formats.archives import archive_of
from slipway.formats.pickle_opcodes import PickleRefused
from slipway.formats.pickles import calls_global, check, globals_of

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
EVIL = b"cos\nsystem\n(S'true'\ntR."
FRAMED = pickle.dumps({"a": [1, 2, 3], "b": "text"}, protocol=4)


class Evil:
    """Runs a command when it is loaded."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        import os

        return os.system, ("true",)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_a_pickle_imports_is_told_exactly(protocol: int) -> None:
    assert globals_of(pickle.dumps({"a": [1, (2.5, None)], "b": {3}}, 4)) == frozenset()
    value = [fractions.Fraction(1, 2), collections.OrderedDict(a=1), dt.date(2026, 1, 1)]
    found = globals_of(pickle.dumps(value, protocol))
    wanted = {("fractions", "Fraction"), ("collections", "OrderedDict"), ("datetime", "date")}
    assert wanted <= found
    evil = {name for _, name in globals_of(pickle.dumps(Evil(), protocol))}
    assert "system" in evil
    with pytest.raises(PickleRefused, match=r"imports what is not allowed.*system"):
        check(pickle.dumps(Evil(), protocol), wanted)
    assert check(pickle.dumps(value, protocol), found) == found


def frame(length: int, body: bytes) -> bytes:
    return b"\x80\x04\x95" + struct.pack("<Q", length) + body


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x04",
        FRAMED + b"x",
        FRAMED + FRAMED,
        FRAMED[:-1],
        b"\x80\x06N.",
        b"N\x80\x04.",
        frame(1, b"N."),  # one that ends before STOP is fine for Python, the next is not
        frame(3, b"N."),
        frame(2, b"]\x95" + struct.pack("<Q", 1) + b"N."),
        frame(2, b"\x8c\x04text."),  # an argument across the frame's end
        b"\x80\x04\x8c\x02os\x8c\x0bpath.system\x93.",
        b"\x80\x04\x8c\x02os\x8c\x06sys\ntm\x93.",
        b"cos.path\npath.system\n.",
        b"\x80\x04N\x8c\x06system\x93.",
        b"\x80\x04h\x00.",
        b"\x80\x02\x82\x01.",
        b"Pid\n.",
        b"\x80\x05\x97.",
        b"(.",
        b"0.",
        b"\xff.",
        pickle.dumps(pickle.dumps([1, 2, 3], 4), 4),
        pickle.dumps(gzip.compress(b"x" * 100, mtime=0), 4),
        pickle.dumps(zlib.compress(b"x" * 100), 4),
    ],
)  # fmt: skip
def test_what_could_be_read_in_two_ways_is_refused(data: bytes) -> None:
    if data == frame(1, b"N."):
        assert globals_of(data) == frozenset()
        return
    with pytest.raises(PickleRefused):
        globals_of(data)


def test_a_name_put_together_from_the_memo_or_a_copy_is_seen() -> None:
    memo = b"\x80\x04\x8c\x06system\x940\x8c\x02os\x940h\x01h\x00\x93\x8c\x04true\x85R."
    assert globals_of(memo) == {("os", "system")}
    twice = b"\x80\x04\x8c\x02os2\x93."
    assert globals_of(twice) == {("os", "os")}


def test_bounds_and_what_is_compressed() -> None:
    with pytest.raises(PickleRefused, match="more than 10"):
        globals_of(FRAMED, limit=10)
    assert archive_of(gzip.compress(b"x" * 40, mtime=0)) == "gzip"
    assert archive_of(b"\x1f\x8b" + b"nothing of it") == ""
    assert archive_of(b"plain words") == ""
    assert calls_global(EVIL)
    assert not calls_global(b"just words")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (zlib.compress(b"x" * 40), "zlib"),
        (zlib.compress(b"x" * 40)[:2] + b"and no more of it", ""),
        (bz2.compress(b"x" * 40), "bzip2"),
        (b"BZh and no more of it", ""),
        (lzma.compress(b"x" * 40), "xz"),
        (b"\xfd7zXZ\0 and no more", ""),
        (b"PK\3\4 whatever", "zip"),
        (b"\x28\xb5\x2f\xfd whatever", "zstd"),
    ],
)
def test_what_is_compressed_is_known_by_its_beginning(content: bytes, name: str) -> None:
    assert archive_of(content) == name


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"S'x\n.", "not in quotes"),
        (b"S'\\x'\n.", "broken escape"),
        (b"(o.", "lacks its class"),
        (b"(I1\nd.", "without a value"),
        (b"Ia", "has no end"),
        (b"I1\ng0\n.", "nothing is in the memo"),
        (b"(i\xff\nx\n.", "no text"),
    ],
)
def test_old_opcodes_are_read_strictly(data: bytes, why: str) -> None:
    with pytest.raises(PickleRefused, match=why):
        globals_of(data)


def test_old_opcodes_import_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ("os", "system") in globals_of(b"(S'true'\nios\nsystem\n.")
    # A nested pickle need not be a good one, and one that breaks off is none.
    assert globals_of(b"\x80\4C\4\x80\4\x8c\x09.") == frozenset()
    monkeypatch.setattr(pickle_opcodes, "OPCODES", 3)
    with pytest.raises(PickleRefused, match="more than 3 opcodes"):
        globals_of(b"NNNN.")


@settings(deadline=None, max_examples=60)
@given(PLAIN, st.sampled_from(PROTOCOLS))
def test_plain_values_import_nothing_but_what_python_writes_bytes_with(
    value: object, protocol: int
) -> None:
    try:
        found = globals_of(pickle.dumps(value, protocol))
    except PickleRefused as error:
        # Bytes may happen to be a pickle or an archive themselves.
        if "a constant is itself" not in error.what:
            raise
        return
    assert {module for module, _ in found} <= {"_codecs", "__builtin__", "builtins", "codecs"}


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        globals_of(data)
    except PickleRefused:
        return


class Recorder(pickle.Unpickler):
    """Python's own reader, which imports nothing and notes what it would have."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self.seen: set[tuple[str, str]] = set()

    def find_class(self, module: str, name: str) -> Any:
        """Notes, and gives something harmless."""
        self.seen.add((module, name))
        return collections.OrderedDict


GOOD = [
    pickle.dumps([fractions.Fraction(1, 2), collections.OrderedDict(a=1)], protocol)
    for protocol in PROTOCOLS
]


@settings(deadline=None, max_examples=250)
@given(st.sampled_from(GOOD), st.data())
def test_python_never_imports_more_than_was_told(good: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(good) - 1))
    changed = bytearray(good)
    changed[at] = data.draw(st.integers(0, 255))
    reader = Recorder(bytes(changed))
    try:
        told = globals_of(bytes(changed))
    except PickleRefused:
        return
    try:
        reader.load()
    except Exception:
        return
    assert reader.seen <= told
