"""The HTTP service: ``create_app`` puts it together from its settings.

The model is loaded beside the event loop once the service listens: importing all of scikit-learn
takes seconds, in which it already answers ``/healthz``, and on ``/readyz`` that it is not ready. If
loading fails, it never gets ready, says why, and asks its process to end.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from screening import __version__, bundle, logs
from screening.bundle import Bundle
from screening.errors import ScreeningError
from screening.middleware import LimitBody, Observe
from screening.model import label, probabilities
from screening.monitor import CONTENT_TYPE, Monitor
from screening.schemas import (
    Answer,
    Answers,
    BadRequestError,
    Failure,
    ModelInfo,
    Refusal,
    Requests,
)
from screening.settings import Settings

Load = Callable[[Path], Bundle]
_UNAVAILABLE: dict[int | str, dict[str, Any]] = {
    503: {"model": Failure, "description": "The model is not loaded"}
}
_REFUSED: dict[int | str, dict[str, Any]] = {
    422: {"model": Refusal, "description": "Which fields are wrong, and how"}
}


@dataclass
class Serving:
    """What is being served: nothing yet, a model, or the reason why there will not be one."""

    bundle: Bundle | None = None
    failure: str = "The model is being loaded."

    def get(self) -> Bundle:
        """Give the model, or answer 503 with the reason why there is none."""
        if self.bundle is None:
            raise HTTPException(503, self.failure)
        return self.bundle


def create_app(
    settings: Settings, on_failure: Callable[[], None] = lambda: None, load: Load = bundle.load
) -> FastAPI:
    """Put the service together.

    Args:
        settings: where the model is, and limits.
        on_failure: called once when the model cannot be loaded.
        load: gives the model of a folder.

    Raises:
        ModelError: when the schema of the model cannot be used, so that not even requests can be
        told apart.
    """
    requests = Requests(bundle.load_schema(settings.model_dir))
    serving, monitor = Serving(), Monitor()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(_load(load, settings.model_dir, serving, monitor, on_failure))
        yield
        loading.cancel()

    app = FastAPI(title="screening", version=__version__, lifespan=lifespan)
    app.include_router(_operations(serving, monitor))
    app.include_router(_predictions(serving, monitor, requests))
    app.add_exception_handler(BadRequestError, _refuse)
    app.add_middleware(LimitBody, most=settings.max_body_bytes)
    app.add_middleware(Observe, monitor=monitor)
    return app


async def _load(
    load: Load, folder: Path, serving: Serving, monitor: Monitor, on_failure: Callable[[], None]
) -> None:
    try:
        loaded = await asyncio.to_thread(load, folder)
    except ScreeningError as error:
        serving.failure = f"The model cannot be served. {error}"
        logs.SERVICE.error(serving.failure)
        on_failure()
    except Exception:
        serving.failure = "The model cannot be served: an unforeseen error, see the log."
        logs.SERVICE.exception(serving.failure)
        on_failure()
    else:
        monitor.loaded(loaded)
        serving.bundle = loaded
        logs.SERVICE.info("The model is ready.", extra={"facts": {"model": loaded.facts.model}})


def _operations(serving: Serving, monitor: Monitor) -> APIRouter:
    router = APIRouter(tags=["operations"])

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Say that the process answers; it need not be ready."""
        return {"status": "alive"}

    @router.get("/readyz", responses=_UNAVAILABLE)
    async def readyz() -> dict[str, str]:
        """Say that a verified model is loaded, or 503 and why not."""
        serving.get()
        return {"status": "ready"}

    @router.get("/model", responses=_UNAVAILABLE)
    async def model() -> ModelInfo:
        """Say which model answers."""
        return describe(serving.get())

    @router.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        """Give the counts in Prometheus's text format."""
        return Response(monitor.text(), media_type=CONTENT_TYPE)

    return router


def _predictions(serving: Serving, monitor: Monitor, requests: Requests) -> APIRouter:
    router = APIRouter(tags=["predictions"])

    @router.post("/predict", responses=_UNAVAILABLE | _REFUSED, openapi_extra=requests.openapi())
    async def predict(request: Request) -> Answer | Answers:
        """Answer one row, given as an object, or a batch, given as ``{"rows": [row, …]}``."""
        served = serving.get()
        values, is_batch = requests.parse(await request.body())
        # In the event loop: a row takes about a millisecond, less than a thread and back; a
        # thousand rows about 25, nearly all of it the reading of their JSON.
        found = probabilities(served.model, values)
        labels = [label(each, served.facts.decision_threshold) for each in found]
        monitor.answered(found, labels)
        answers = [Answer(probability=p, label=y) for p, y in zip(found, labels, strict=True)]
        return Answers(answers=answers) if is_batch else answers[0]

    return router


async def _refuse(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, BadRequestError):
        raise error
    return JSONResponse(error.refusal.model_dump(), 422)


def describe(served: Bundle) -> ModelInfo:
    """Say which model is served; the build's facts come first: the registry knows them."""
    known = served.facts
    return ModelInfo(
        digest=served.build.model_digest or known.model,
        file_digest=known.model,
        commit=served.build.commit or known.commit,
        trained_from=known.commit,
        trained_at=known.epoch,
        metric=known.metric,
        value=known.value,
        metrics=known.metrics,
        decision_threshold=known.decision_threshold,
    )
