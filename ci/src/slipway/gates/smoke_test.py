"""The smoke test: the image starts, and answers real rows as the model itself does (steps.smoke)."""

from ..artifacts.image import ASSEMBLE, LOGS, container_of
from ..artifacts.model import TRAIN
from ..artifacts.source import VENV
from ..runtime.stage import Input, Stage
from ..runtime.tools import NOBODY, OFFLINE
from ..verdicts.tool_output import Context, ToolOutput
from ..verdicts.verdict import Finding, Severity, Status, Verdict
from .base import BuiltImage, Gate

NAME = "smoke-test"
TOOL = "slipway"


def read(output: ToolOutput, context: Context) -> Verdict:
    """The verdict on what steps.smoke printed."""
    if output.exit_code == 0:
        return context.verdict(TOOL, Status.PASSED, output.report.strip())
    finding = Finding(
        id=NAME,
        severity=Severity.HIGH,
        title=output.stderr.strip(),
        where=f"image {context.subject}",
        remedy=f"dagger call debug --stage {NAME} terminal",
    )
    first = (output.stderr.splitlines() or ["no reason given"])[0]
    return context.verdict(TOOL, Status.FAILED, first, (finding,))


def smoke_test_stage(built: BuiltImage) -> Stage:
    """The stage that starts the image as a service and compares its answers with the model's own.

    The log is in a volume that the service and the step share: a service that dies takes its output with it otherwise.
    The service loads the model, so it can answer and cannot call out.
    """
    source, image = built.source, built.image
    service = source.project.service
    run = built.digest.removeprefix("sha256:")[:16] or "debug"
    log = f"{LOGS}/{run}.log"
    # Without an owner: the engine would mount the volume as an overlay, which two containers cannot share.
    volume = source.tools.volume("slipway-smoke-logs")
    steps = source.tools.library("steps").directory("slipway/steps")
    running = (
        container_of(image)
        .with_user("0")
        .with_mounted_cache(LOGS, volume)
        .with_mounted_file("/tee.py", steps.file("tee.py"))
        # Run as nobody; our own files have the modes that a clone has, whatever its umask was.
        .with_mounted_file(OFFLINE[-1], steps.file("offline.py"), owner=NOBODY)
        .with_exposed_port(service.port, experimental_skip_healthcheck=True)
        .as_service(
            args=[
                *OFFLINE[:-1], "/tee.py", log, NOBODY,
                *OFFLINE, "--serve", "--", f"{VENV}/bin/python", "-m", service.package,
            ]
        )
    )  # fmt: skip
    heldout = image.model.files.file("heldout.json")
    return Stage(
        name=NAME,
        container=source.tools.python()
        .with_service_binding("service", running)
        .with_mounted_cache(LOGS, volume),
        argv=(
            "python", "-m", "slipway.steps.smoke", "--url", f"http://service:{service.port}",
            "--ready", service.ready, "--predict", service.predict,
            "--heldout", "/heldout.json", "--log", log, "--seconds", "60",
        ),
        inputs=(Input(path="/heldout.json", content=heldout, made_by=(TRAIN,)),),
        gated_by=(ASSEMBLE,),
        accept=(0, 3),
    )  # fmt: skip


GATES = (
    Gate(
        name=NAME,
        title="the running image against the model's own answers",
        subject=BuiltImage,
        tool=TOOL,
        stage=smoke_test_stage,
        read=read,
    ),
)
