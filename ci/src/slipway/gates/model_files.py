"""The gate of a model's files: each is of a kind that can be read without running code (steps.model_files)."""

import json

from ..errors import DataError
from ..formats.fields import Fields
from ..runtime.stage import Stage
from ..runtime.tools import LIBRARY, NOBODY, OFFLINE, STEPS
from ..verdicts.tool_output import Context, ToolOutput
from ..verdicts.verdict import Finding, Severity, Status, Verdict
from .base import Gate, TrainedModel

NAME = "model-files"
TOOL = "slipway"
LOCK = "model"


def read(output: ToolOutput, context: Context) -> Verdict:
    """The verdict on what steps.model_files printed: how many files it saw, and what is wrong with them."""
    try:
        facts = Fields.parse(output.report, where=NAME)
        count = facts.whole("files")
        findings = [
            Finding(severity=Severity.CRITICAL, **{key: each.text(key) for key in _KEYS})
            for each in facts.items("findings")
        ]
    except DataError as error:
        return context.not_evaluated(TOOL, error.what, output.stderr)
    if findings:
        return context.verdict(TOOL, Status.FAILED, findings[0].title, findings)
    if not count:
        return context.verdict(TOOL, Status.FAILED, "there are no files")
    return context.verdict(TOOL, Status.PASSED, f"{count} files, none of which runs code")


_KEYS = ("id", "title", "where", "remedy")


def model_files_stage(model: TrainedModel) -> Stage:
    """The stage that looks at a model's files, and loads none of them."""
    tools, declared = model.source.tools, model.source.project.model
    rules = {
        "globals": [list(pair) for pair in declared.pickle_globals],
        "types": list(declared.trusted_types),
    }
    container = (
        tools.tool_container(locked=LOCK)
        # Nobody reads it, whatever umask our clone has.
        .with_mounted_directory(LIBRARY, tools.library(*STEPS), owner=NOBODY)
        .with_new_file("/rules.json", json.dumps(rules))
        # fickling leaves a report in its work folder, and nobody may write only here.
        .with_workdir("/tmp")  # noqa: S108 - of a container that nobody shares
    )
    return Stage(
        name=model.stage or NAME,
        container=container,
        argv=(
            *OFFLINE, "--user", NOBODY, "--",
            "python", "-m", "slipway.steps.model_files",
            "--folder", model.files.path, "--rules", "/rules.json",
        ),
        inputs=(model.files,),
    )  # fmt: skip


GATES = (
    Gate(
        name=NAME,
        title="files of the model that could run code",
        subject=TrainedModel,
        tool=TOOL,
        locks=(LOCK,),
        stage=model_files_stage,
        read=read,
    ),
)
