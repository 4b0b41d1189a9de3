"""Part the data into rows to learn from and rows held out to judge by.

Each row's side follows from a keyed hash of its own features, not from its place in the file. So a
row stays on its side when rows are added, removed or reordered: a champion trained earlier has
never seen a row it is judged by, and two equal rows never stand on both sides. The shares come out
near the wanted one in each class; `Parts` has what they are.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from screening.features import FEATURES, TARGET

SEED = "screening-1"
HELD_OUT = 0.25

Row = Mapping[str, float]


@dataclass(frozen=True)
class Parts:
    """Rows to learn from and rows to judge by, in an order that the file's has no part in."""

    train: Sequence[Row]
    heldout: Sequence[Row]


def split(rows: Sequence[Row]) -> Parts:
    """Part rows; about a quarter is held out."""
    keyed = sorted(((_key(row), row) for row in rows), key=lambda pair: (pair[0], pair[1][TARGET]))
    train = [row for key, row in keyed if _share(key) >= HELD_OUT]
    heldout = [row for key, row in keyed if _share(key) < HELD_OUT]
    return Parts(train, heldout)


def _key(row: Row) -> bytes:
    # The features only: a corrected label must not move a row to the other side.
    text = ",".join(float(row[name]).hex() for name in FEATURES)
    return hashlib.sha256(f"{SEED}\n{text}".encode()).digest()


def _share(key: bytes) -> float:
    """Where a key stands among all keys, from 0 up to 1."""
    return int.from_bytes(key[:8]) / 2**64
