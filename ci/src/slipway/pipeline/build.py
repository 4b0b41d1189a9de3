"""Build and judge: the model, the image that serves it, and what describes them."""

from collections.abc import Sequence

from ..artifacts.git import History
from ..artifacts.image import Image, build_image
from ..artifacts.model import Model, train_model, trained
from ..artifacts.sbom import OUT as SBOM_FILE
from ..artifacts.sbom import sbom_stage
from ..artifacts.source import Source
from ..gates import gates_of, required
from ..gates.base import BuiltImage, TrainedModel, judge_all, require
from ..runtime.concurrency import concurrently
from ..runtime.layout import digest_of
from ..runtime.stage import StageRunner
from ..runtime.tools import NOBODY
from ..signers.model_signing import MODEL_SIGNATURE, sign_model_stage
from ..signers.verifier import Verifier
from ..verdicts.verdict import Verdict
from .champion import challenge
from .job import Built, Existing, ReleaseJob


async def build_and_judge(job: ReleaseJob, existing: Existing, verifier: Verifier) -> Built:
    """Build model and image, with what describes them, and run all their gates; raises GateFailed where one stops."""
    model, of_model = await train_and_judge(job.source, job.history, job.runner, job.head.sha)
    compared, (image, of_image, bill), signature = await concurrently(
        _challenge(job, model, existing, verifier),
        _image(job, model),
        _sign_model(job, model, verifier),
    )
    return Built(
        model=model,
        image=image,
        sbom=bill,
        model_signature=signature,
        verdicts=(*of_model, *compared, *of_image),
    )


async def train_and_judge(
    source: Source, history: History, runner: StageRunner, commit: str
) -> tuple[Model, Sequence[Verdict]]:
    """Train the model and run its gates; raises GateFailed where one stops the run."""
    model = await train_model(source, runner, history)
    subject = TrainedModel(
        source=source,
        digest=await digest_of(model.layout),
        commit=commit,
        files=trained(model.files, owner=NOBODY),
    )
    verdicts = await judge_all(gates_of(TrainedModel), subject, runner)
    require(verdicts, source.project.gates.not_evaluated, required(source.project, TrainedModel))
    return model, verdicts


async def build_release_image(source: Source, history: History, runner: StageRunner) -> Image:
    """Train the model, run its gates, and build the image that serves it, as a release does."""
    head = await history.head()
    model, _ = await train_and_judge(source, history, runner, head.sha)
    return await build_image(source, model, runner, head)


async def judge_image(
    source: Source, image: Image, runner: StageRunner, commit: str
) -> Sequence[Verdict]:
    """Run the gates of an image."""
    digest = await digest_of(image.layout)
    built = BuiltImage(source=source, digest=digest, commit=commit, image=image)
    verdicts = await judge_all(gates_of(BuiltImage), built, runner)
    require(verdicts, source.project.gates.not_evaluated, required(source.project, BuiltImage))
    return verdicts


async def _image(job: ReleaseJob, model: Model) -> tuple[Image, Sequence[Verdict], str]:
    """The image, the verdicts of its gates, and its bill of materials."""
    source, runner = job.source, job.runner
    image = await build_image(source, model, runner, job.head)
    verdicts, bill = await concurrently(
        judge_image(source, image, runner, job.head.sha), _sbom(job, image)
    )
    return image, verdicts, bill


async def _sbom(job: ReleaseJob, image: Image) -> str:
    outcome = await job.runner.run_to_success(sbom_stage(job.source.tools, image.layout))
    return await outcome.file(SBOM_FILE).contents()


async def _sign_model(job: ReleaseJob, model: Model, verifier: Verifier) -> str:
    """The signature of the model's folder; empty where the signer cannot make one."""
    folder = trained(model.files)
    stage = sign_model_stage(job.source.tools, job.publisher.signer, folder, verifier.mark)
    if stage is None:
        return ""
    outcome = await job.runner.run_to_success(stage)
    return await outcome.file(MODEL_SIGNATURE).contents()


async def _challenge(
    job: ReleaseJob, model: Model, existing: Existing, verifier: Verifier
) -> Sequence[Verdict]:
    """The new model against the last released one, where the project asks for that and has not been answered yet."""
    if not job.champion or existing.is_released:
        return ()
    client = job.publisher.client
    return await challenge(client, job.source, model, job.head.sha, existing.champion, verifier)
