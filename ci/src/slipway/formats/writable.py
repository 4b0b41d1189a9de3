"""Text that every format can carry: reports quote paths, messages and names that somebody else chose.

UTF-8 has no bytes for a lone surrogate, which is how Python reads a file name that is not UTF-8 (PEP 383); XML and
HTML forbid control characters and noncharacters; a bidirectional override reorders the text after it ("Trojan
Source", CVE-2021-42574). Each of these becomes U+FFFD, the character that says "something stood here".
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_NONCHARACTERS = "".join(
    chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF)
)
# Tab, line feed and carriage return stay: they are text in every format.
_UNWRITABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls of ASCII and Latin-1
    r"\u202a-\u202e\u2066-\u2069"  # bidirectional embeddings, overrides and isolates
    rf"\ud800-\udfff\ufdd0-\ufdef{_NONCHARACTERS}]"
)


def writable(text: str) -> str:
    """`text` with U+FFFD for each character that UTF-8, XML or HTML cannot carry; lines stay lines."""
    return _UNWRITABLE.sub(_REPLACEMENT, text)


def writable_json(value: object) -> object:
    """`value` with every string and key writable, and null for a number that JSON has no word for."""
    if isinstance(value, str):
        return writable(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {writable(str(key)): writable_json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [writable_json(inner) for inner in value]
    return value


def plain(text: str) -> str:
    """`text` on one line for a terminal: a space for each character that is not printable."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
