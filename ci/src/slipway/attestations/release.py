"""The release: three artifacts by digest, what the gates said, and where the time went.

It has two forms in JSON, both with the field `version` (1):

- the *payload*, the layer of the release artifact in the registry: commit, dirty, allowed, model,
image, plan. It holds no time, so the same commit always gives the same digest; - the *report*,
`dist/release.json`: the payload and `release` (the artifact's own reference), `verdicts`, `stages`
and `tools` (name to version).

References are written `host/repository@sha256:…`; `allowed` lists the dangerous options that were
used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import DataError
from ..formats.fields import Fields, canonical, pretty
from ..formats.timings import StageTime
from ..formats.writable import writable_json
from ..oci.digests import Reference, commit_tag
from ..verdicts import report as verdict_report
from ..verdicts.verdict import Verdict

VERSION = 1
_PAYLOAD = ("version", "commit", "dirty", "allowed", "model", "image", "plan")
_REPORT = (*_PAYLOAD, "release", "verdicts", "stages", "tools")


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release of `commit`. Every reference has a digest; `release` is None until the artifact
    is pushed.
    """

    commit: str
    dirty: bool
    model: Reference
    image: Reference
    plan: Reference
    release: Reference | None = None
    allowed: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    stages: tuple[StageTime, ...] = ()
    tools: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        commit_tag(self.commit)
        for reference in (self.model, self.image, self.plan, self.release):
            if reference is not None and reference.pinned != str(reference):
                raise DataError(f"{reference} has a tag", remedy="A release names digests only")

    def payload(self) -> bytes:
        """What the release artifact holds: deterministic bytes without times."""
        return canonical(self._payload())

    def report(self) -> str:
        """`dist/release.json`, for people and scripts: valid UTF-8 whatever a tool reported."""
        record = {
            **self._payload(),
            "release": self.release.pinned if self.release else None,
            "verdicts": [verdict_report.to_dict(verdict) for verdict in self.verdicts],
            "stages": [stage.to_dict() for stage in self.stages],
            "tools": dict(self.tools),
        }
        return pretty(writable_json(record))

    def _payload(self) -> dict[str, object]:
        return {
            "version": VERSION,
            "commit": self.commit,
            "dirty": self.dirty,
            "allowed": sorted(self.allowed),
            "model": self.model.pinned,
            "image": self.image.pinned,
            "plan": self.plan.pinned,
        }


def parse_payload(text: str | bytes, *, where: str = "release artifact") -> Release:
    """The release in an artifact; strict: an unknown field or version is a `DataError`."""
    return _release(_checked(text, _PAYLOAD, where))


def parse_report(text: str | bytes, *, where: str = "release.json") -> Release:
    """The release in a report; as strict."""
    fields = _checked(text, _REPORT, where)
    reference = fields.optional_text("release")
    return _release(
        fields,
        release=Reference.parse(reference) if reference is not None else None,
        verdicts=tuple(verdict_report.from_fields(item) for item in fields.items("verdicts")),
        stages=tuple(StageTime.from_fields(item) for item in fields.items("stages")),
        tools=fields.text_map("tools"),
    )


def _checked(text: str | bytes, known: tuple[str, ...], where: str) -> Fields:
    fields = Fields.parse(text, where=where)
    version = fields.whole("version")
    if version != VERSION:
        remedy = f"This Slipway reads version {VERSION}; use the one that made it"
        raise DataError(f"this release has version {version}", where=where, remedy=remedy)
    return fields.only(known)


def _release(
    fields: Fields,
    *,
    release: Reference | None = None,
    verdicts: tuple[Verdict, ...] = (),
    stages: tuple[StageTime, ...] = (),
    tools: Mapping[str, str] | None = None,
) -> Release:
    return Release(
        commit=fields.text("commit"),
        dirty=fields.flag("dirty"),
        allowed=fields.texts("allowed"),
        model=Reference.parse(fields.text("model")),
        image=Reference.parse(fields.text("image")),
        plan=Reference.parse(fields.text("plan")),
        release=release,
        verdicts=verdicts,
        stages=stages,
        tools=tools or {},
    )
