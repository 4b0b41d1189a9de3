"""The last released model: how it is found again, and what it has to prove before it is compared with."""

from __future__ import annotations

from collections.abc import Mapping

from ..attestations import provenance
from ..attestations.statements import PROVENANCE, VERDICTS, Statement, newest
from ..errors import SlipwayError
from ..oci.modelpack import ARTIFACT_TYPE
from ..verdicts.verdict import Verdict
from .case import Evidence

GATE = "champion"
# The tag of the last released model, in the repository of models: the one tag that moves, as the last act of a release.
TAG = "champion"


def objection(evidence: Evidence, project: str) -> str:
    """What speaks against comparing with a model whose signatures hold; an empty text where nothing does.

    A tag can be moved by whoever may write to the registry, so it could name another thing that the same key signed: a
    plan, or another project's model.
    """
    if evidence.artifact_type != ARTIFACT_TYPE:
        return f"it is {evidence.artifact_type or 'an image'}, no model"
    found = evidence.statements.get(PROVENANCE, ())
    if not found:
        return "nothing says how it was made"
    try:
        records = [provenance.read(each.content, where="its provenance") for each in found]
    except SlipwayError as error:
        return error.what
    for record in records:
        if record.build_type is not provenance.BuildType.MODEL:
            return f"it was built as another kind, {record.build_type.value}"
        if record.parameters.get("project") != project:
            return f"it is a model of {record.parameters.get('project')}"
    return ""


def recorded(
    statements: Mapping[str, tuple[Statement, ...]], commit: str, gate: str = GATE
) -> Verdict | None:
    """What a gate said of a commit when that was released; None where it was not asked then."""
    judgement = newest(statements.get(VERDICTS, ()), commit=commit, where="verdicts of the release")
    return next((each for each in judgement.verdicts if each.gate == gate), None)
