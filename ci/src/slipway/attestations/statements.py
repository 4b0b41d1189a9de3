"""Statements: what an attestation says of an artifact, once its signature has been checked.

Source: in-toto attestation framework 1.0, "Statement" and "Envelope". A statement of ours is about exactly one
artifact, named by its sha256 and nothing else: of several subjects nobody could say which one was meant.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import DataError
from ..formats.fields import Fields, pretty
from ..formats.times import moment, written
from ..oci.digests import Digest, commit_tag
from ..verdicts import report as verdict_report
from ..verdicts.verdict import Verdict

SBOM = "https://cyclonedx.org/bom"
PROVENANCE = "https://slsa.dev/provenance/v1"
VERDICTS = "tag:slipway,2026:verdicts/v1"
PLAN = "tag:slipway,2026:plan/v1"
NAMES = {PLAN: "plan", PROVENANCE: "provenance", SBOM: "SBOM", VERDICTS: "verdicts"}
_TYPES = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
# Of one artifact there are as many statements as there were builds of the same bits: a few.
MOST = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement: its type, the artifact that it is about, what it says, and the whole of it."""

    predicate_type: str
    subject: Digest
    predicate: Fields
    content: bytes


def parse(content: bytes, *, where: str) -> Statement:
    """The statement in `content`, strict; a `DataError` for any other thing."""
    fields = Fields.parse(content, where=where).only(
        ("_type", "subject", "predicateType", "predicate")
    )
    if fields.text("_type") not in _TYPES:
        raise DataError(f"{fields.text('_type')!r} is no statement of in-toto", where=where)
    subjects = fields.items("subject")
    if len(subjects) != 1:
        raise DataError(f"it is about {len(subjects)} artifacts, not about one", where=where)
    digests = subjects[0].text_map("digest")
    if set(digests) != {"sha256"}:
        raise DataError("it names its artifact by another digest than sha256", where=where)
    return Statement(
        predicate_type=fields.text("predicateType"),
        subject=Digest.parse(f"sha256:{digests['sha256']}"),
        predicate=fields.inner("predicate"),
        content=content,
    )


def of_envelopes(printed: str, *, where: str) -> tuple[Statement, ...]:
    """The statements in the envelopes that `cosign verify-attestation` prints, one a line.

    Source: DSSE (github.com/secure-systems-lab/dsse, envelope.md). The same statement twice is one; more than `MOST`
    are refused: nobody makes so many, and all of them would have to be read.
    """
    found: dict[bytes, Statement] = {}
    lines = printed.splitlines()
    if len(lines) > MOST:  # refusal 07c
        raise DataError(
            f"there are {len(lines)} attestations, {MOST} at most are read", where=where
        )
    for line in lines:
        payload = Fields.parse(line, where=where).text("payload")
        try:
            content = base64.b64decode(payload, validate=True)
        except (binascii.Error, ValueError):
            raise DataError("the envelope's payload is not base64", where=where) from None
        found.setdefault(content, parse(content, where=where))
    return tuple(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What all gates said of a commit, and when."""

    commit: str
    at: dt.datetime
    verdicts: tuple[Verdict, ...]

    def predicate(self) -> str:
        """As the predicate of an attestation."""
        listed = [verdict_report.to_dict(verdict) for verdict in self.verdicts]
        return pretty({"commit": self.commit, "time": written(self.at), "verdicts": listed})

    @classmethod
    def read(cls, statement: Statement, *, where: str) -> Judgement:
        """Out of a statement; strict."""
        fields = statement.predicate.only(("commit", "time", "verdicts"))
        return cls(
            commit=commit_tag(fields.text("commit")),
            at=moment(fields.text("time"), where=where),
            verdicts=tuple(verdict_report.from_fields(item) for item in fields.items("verdicts")),
        )


def newest(statements: Sequence[Statement], *, commit: str, where: str) -> Judgement:
    """The last judgement of a commit: an old one that was better does not count any more.

    A `DataError` where there is none, or where two of the same second differ.
    """
    judged = [Judgement.read(each, where=where) for each in statements]
    own = [each for each in judged if each.commit == commit]  # refusal 18c
    found = sorted(own, key=lambda each: each.at)
    if not found:
        other = f", only for another commit, {judged[0].commit}" if judged else ""
        raise DataError(f"no gate's verdict is attested{other}", where=where)
    if any(each.at == found[-1].at and each != found[-1] for each in found):
        raise DataError("two judgements of one second say different things", where=where)
    return found[-1]  # refusal 04d
