"""Releases whose every text is hostile: lone surrogates, controls, NUL, bidirectional overrides, markup."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from hypothesis import strategies as st
from slipway.attestations.release import Release
from slipway.formats.timings import StageTime
from slipway.oci.digests import Digest
from slipway.verdicts.verdict import Finding, Severity, Status, Verdict

from .test_text import REFERENCE, RELEASE

ANY = st.text(st.characters(exclude_categories=()), max_size=8)
NASTY = st.sampled_from(
    ["\ud800", "a\udc80/b.py:3", "\x00", "\x1b[31m", "\u202e", "\ufffe", "]]>", "<b>"]
)
TEXT = ANY | NASTY
NAME = st.text(st.characters(exclude_categories=()), min_size=1, max_size=8) | NASTY
FINDINGS = st.builds(
    Finding, id=TEXT, severity=st.sampled_from(Severity), title=TEXT, where=TEXT, remedy=TEXT
)
VERDICTS = st.builds(
    Verdict,
    gate=NAME,
    status=st.sampled_from(Status),
    summary=NAME,
    findings=st.lists(FINDINGS, max_size=2).map(tuple),
    tool=TEXT,
    tool_version=TEXT,
    data_digest=st.none() | st.just(Digest.of(b"")),
    subject=st.none() | NAME,
    seconds=st.none() | st.floats(),
    time=st.none() | st.just(dt.datetime(2026, 1, 1, tzinfo=dt.UTC)),
)
STAGES = st.builds(
    StageTime,
    name=TEXT,
    started=st.floats(allow_nan=False, allow_infinity=False),
    seconds=st.floats(0, allow_nan=False, allow_infinity=False),
    cached=st.booleans(),
    after=st.lists(TEXT, max_size=2).map(tuple),
)


def _release(
    verdicts: list[Verdict], stages: list[StageTime], allowed: list[str], tools: dict[str, str]
) -> Release:
    return replace(
        RELEASE,
        release=REFERENCE,
        allowed=tuple(allowed),
        verdicts=tuple(verdicts),
        stages=tuple(stages),
        tools=tools,
    )


RELEASES = st.builds(
    _release,
    st.lists(VERDICTS, max_size=2),
    st.lists(STAGES, max_size=3),
    st.lists(TEXT, max_size=1),
    st.dictionaries(TEXT, TEXT, max_size=2),
)
