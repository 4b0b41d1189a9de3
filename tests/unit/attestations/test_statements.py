"""Statements out of envelopes: exactly one artifact, exactly one meaning."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway.attestations.statements import (
    MOST,
    VERDICTS,
    Judgement,
    newest,
    of_envelopes,
    parse,
)
from slipway.errors import DataError
from slipway.formats.times import moment, written
from slipway.oci.digests import Digest
from slipway.policy.verification import Check, Verification

from ...support.cases import COMMIT, LINT, NOW, envelope, judged, raw, statement

SUBJECT = Digest.of(b"it")
GOOD = raw(VERDICTS, {"a": 1}, SUBJECT)


def test_a_statement_is_read() -> None:
    found = parse(GOOD, where="x")
    assert (found.predicate_type, found.subject) == (VERDICTS, SUBJECT)
    assert found.predicate.whole("a") == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"_type": "https://example.com"}, "no statement of in-toto"),
        ({"subject": []}, "about 0 artifacts"),
        ({"subject": [{"digest": {"sha256": "a"}}] * 2}, "about 2 artifacts"),
        ({"subject": [{"digest": {"sha512": "a" * 128}}]}, "another digest"),
        ({"subject": [{"digest": {"sha256": SUBJECT.hex, "sha1": "b"}}]}, "another digest"),
        ({"subject": [{"digest": {"sha256": SUBJECT.hex.upper()}}]}, "sha256:"),
        ({"subject": [{"digest": {"sha256": ".*"}}]}, "sha256:"),
        ({"predicate": []}, "a list, not an object"),
        ({"extra": 1}, "unknown field"),
    ],
)
def test_what_could_be_understood_in_two_ways_is_refused(
    changes: dict[str, object], why: str
) -> None:
    with pytest.raises(DataError, match=why):
        parse(json.dumps(json.loads(GOOD) | changes).encode(), where="x")


def test_the_same_statement_twice_is_one_and_too_many_are_refused() -> None:
    line = envelope(GOOD)
    assert len(of_envelopes(f"{line}\n{line}\n", where="x")) == 1
    with pytest.raises(DataError, match="64 at most"):
        of_envelopes("\n".join([line] * (MOST + 1)), where="x")


@pytest.mark.parametrize("line", ["{}", "[]", "x", '{"payload": "%%"}', '{"payload": "AAAA"}'])
def test_a_broken_envelope_is_refused(line: str) -> None:
    with pytest.raises(DataError):
        of_envelopes(line, where="x")


def test_the_newest_judgement_counts() -> None:
    early = statement(VERDICTS, judged(at=NOW - dt.timedelta(days=1)), SUBJECT)
    late = statement(VERDICTS, judged(LINT), SUBJECT)
    for order in ([early, late], [late, early]):
        assert newest(order, commit=COMMIT, where="x") == Judgement(
            commit=COMMIT, at=NOW, verdicts=(LINT,)
        )
    with pytest.raises(DataError, match="no gate's verdict"):
        newest([], commit=COMMIT, where="x")
    other = statement(VERDICTS, judged(commit="b" * 40, at=NOW), SUBJECT)
    assert newest([late, other], commit=COMMIT, where="x").verdicts == (LINT,)
    with pytest.raises(DataError, match="only for another commit"):
        newest([other], commit=COMMIT, where="x")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_statement_or_an_error(content: bytes) -> None:
    with pytest.raises(DataError):
        parse(content, where="x")


@given(st.datetimes(min_value=dt.datetime(1990, 1, 1), timezones=st.just(dt.UTC)))
def test_a_time_is_written_and_read(when: dt.datetime) -> None:
    assert moment(written(when), where="x") == when.replace(microsecond=0)


def test_a_time_without_a_zone_is_none() -> None:
    with pytest.raises(DataError):
        written(dt.datetime(2026, 1, 1))
    with pytest.raises(DataError):
        moment("2026-01-01", where="x")


def test_an_answer_is_told_to_people_and_machines() -> None:
    good = Check(artifact="image", requirement="a", result="b", ok=True, signer="c", time=NOW)
    bad = Check(artifact="plan", requirement="x" * 200, result="\x1b[31mred", ok=False)
    answer = Verification(release="r", commit=COMMIT, environment="dev", checks=(good, bad))
    head, commit, _, heads, first, second = answer.to_text().splitlines()
    assert head == "REFUSED: r for dev (2 checks, 1 failed)"
    assert commit == f"commit  {COMMIT}"
    assert heads.split() == ["artifact", "check", "result", "signer", "time"]
    assert first.startswith("NO  plan")
    assert "\x1b" not in first
    assert second.endswith("2026-11-24T12:00:00Z")
    said = json.loads(answer.to_json())
    assert said["verified"] is False
    assert said["version"] == 2
    assert said["checks"][0] == {
        "artifact": "image",
        "check": "a",
        "result": "b",
        "signer": "c",
        "time": "2026-11-24T12:00:00Z",
        "ok": True,
    }
    assert not Verification(release="", commit="", environment="", checks=()).ok
    good_only = Verification(release="r", commit="", environment="", checks=(good,))
    assert good_only.to_text().startswith("verified: r for no environment")
