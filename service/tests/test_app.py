"""The HTTP service, in this process."""

import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from screening import facts, logs
from screening.app import create_app
from screening.bundle import Bundle
from screening.errors import ModelError
from screening.settings import Settings
from support import COMMIT, EPOCH, wait_for

Heldout = dict[str, list[dict[str, float]]]


@pytest.fixture(scope="module")
def settings(model_dir: Path) -> Settings:
    """Settings that serve the trained model."""
    return Settings(model_dir=model_dir)


@pytest.fixture(scope="module")
def client(settings: Settings, bundle: Bundle) -> Iterator[TestClient]:
    """A client of a service that is ready."""
    with TestClient(create_app(settings, load=lambda _: bundle)) as client:
        wait_for(lambda: client.get("/readyz").status_code == 200, seconds=5)
        yield client


def test_it_answers_rows_as_the_model_did_in_training(client: TestClient, heldout: Heldout) -> None:
    response = client.post("/predict", json={"rows": heldout["rows"]})
    assert (response.status_code, response.json()) == (200, {"answers": heldout["answers"]})
    single = client.post("/predict", json=heldout["rows"][3])
    assert (single.status_code, single.json()) == (200, heldout["answers"][3])


def test_bad_input_is_a_422_that_names_the_field(client: TestClient, heldout: Heldout) -> None:
    row: dict[str, Any] = {**heldout["rows"][0], "mean_area": -1}
    response = client.post("/predict", json={"rows": [row]})
    assert response.status_code == 422
    assert response.json() == {
        "detail": [
            {
                "field": "rows.0.mean_area",
                "problem": "Input should be greater than or equal to 30",
                "type": "greater_than_equal",
            }
        ],
        "problems": 1,
    }


def test_nan_in_a_body_is_a_422_too(client: TestClient, heldout: Heldout) -> None:
    body = json.dumps({**heldout["rows"][0], "mean_area": float("nan")})
    response = client.post("/predict", content=body)
    assert response.status_code == 422
    assert response.json()["detail"][0]["field"] == "mean_area"


def test_it_says_which_model_answers(client: TestClient, model_dir: Path) -> None:
    known = facts.read(model_dir / "metrics.json")
    found = client.get("/model").json()
    assert found["metrics"] == known.metrics
    assert found == {
        "digest": "sha256:m",
        "file_digest": known.model,
        "commit": "c" * 40,
        "trained_from": COMMIT,
        "trained_at": EPOCH,
        "metric": "roc_auc",
        "value": known.value,
        "metrics": known.metrics,
        "decision_threshold": 0.5,
    }


def test_metrics_count_requests_by_route_and_answers_by_label(
    settings: Settings, bundle: Bundle, heldout: Heldout
) -> None:
    with TestClient(create_app(settings, load=lambda _: bundle)) as client:
        wait_for(lambda: client.get("/readyz").status_code == 200, seconds=5)
        client.post("/predict", json={"rows": heldout["rows"]})
        client.post("/predict", json={})
        client.get("/wp-admin/1")
        client.get("/wp-admin/2")
        text = client.get("/metrics").text
    ill = sum(answer["label"] for answer in heldout["answers"])
    assert f'predictions_total{{label="1"}} {ill:.1f}' in text
    assert 'http_requests_total{method="POST",route="/predict",status="200"} 1.0' in text
    assert 'http_requests_total{method="POST",route="/predict",status="422"} 1.0' in text
    assert 'http_requests_total{method="other",route="other",status="404"} 2.0' in text
    assert f"prediction_probability_count {len(heldout['rows'])}.0" in text
    assert f'model_info{{commit="{COMMIT}",digest="sha256:m"}} 1.0' in text
    assert "wp-admin" not in text
    assert "process_resident_memory_bytes" in text


def test_it_is_alive_but_not_ready_until_the_model_is_loaded(
    settings: Settings, bundle: Bundle, heldout: Heldout
) -> None:
    may_load = threading.Event()

    def load(_: Path) -> Bundle:
        may_load.wait(10)
        return bundle

    with TestClient(create_app(settings, load=load)) as client:
        assert client.get("/healthz").status_code == 200
        for response in (
            client.get("/readyz"),
            client.get("/model"),
            client.post("/predict", json=heldout["rows"][0]),
        ):
            assert response.status_code == 503
            assert response.json() == {"detail": "The model is being loaded."}
        may_load.set()
        wait_for(lambda: client.get("/readyz").status_code == 200, seconds=5)
        assert client.post("/predict", json=heldout["rows"][0]).status_code == 200


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ModelError("It was changed."), "The model cannot be served. It was changed."),
        (ZeroDivisionError(), "The model cannot be served: an unforeseen error, see the log."),
    ],
)
def test_a_model_that_cannot_be_loaded_is_never_ready_and_says_so(
    error: Exception, said: str, settings: Settings
) -> None:
    failed = threading.Event()

    def load(_: Path) -> Bundle:
        raise error

    with TestClient(create_app(settings, on_failure=failed.set, load=load)) as client:
        assert failed.wait(5)
        assert client.get("/readyz").json() == {"detail": said}
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200


def test_a_body_over_the_limit_is_a_413(settings: Settings, bundle: Bundle) -> None:
    small = settings.model_copy(update={"max_body_bytes": 1000})
    said = {"detail": "The body is over 1,000 bytes; send fewer rows."}
    with TestClient(create_app(small, load=lambda _: bundle)) as client:
        wait_for(lambda: client.get("/readyz").status_code == 200, seconds=5)
        told = client.post("/predict", content=b" " * 1001)
        untold = client.post("/predict", content=iter([b" " * 600, b" " * 600]))
        allowed = client.post("/predict", content=b" " * 1000)
    assert (told.status_code, told.json()) == (413, said)
    assert (untold.status_code, untold.json()) == (413, said)
    assert allowed.status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/predict", 405), ("GET", "/", 404)]
)
def test_what_is_not_there_is_said(method: str, path: str, status: int, client: TestClient) -> None:
    assert client.request(method, path).status_code == status


def test_each_request_is_one_json_line(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="screening.requests"):
        client.get("/healthz?name=value", headers={"x-request-id": "abc-1"})
    (record,) = [each for each in caplog.records if each.name == "screening.requests"]
    text = logs.JsonFormatter().format(record)
    line = json.loads(text)
    assert "\n" not in text
    assert line["ms"] >= 0
    assert line["time"].endswith("Z")
    expected = {"method": "GET", "path": "/healthz", "status": 200, "request_id": "abc-1"}
    assert {key: line[key] for key in expected} == expected


@pytest.mark.parametrize("forged", ['a"b', "x" * 129, "", "a b"])
def test_a_request_id_that_could_forge_a_log_is_replaced(forged: str, client: TestClient) -> None:
    given = client.get("/healthz", headers={"x-request-id": forged}).headers["x-request-id"]
    assert given != forged
    assert len(given) == 32


def test_a_trace_stays_in_its_line() -> None:
    try:
        raise ZeroDivisionError("by zero")
    except ZeroDivisionError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("a", logging.ERROR, __file__, 1, "it %s", ("broke",), info)
    text = logs.JsonFormatter().format(record)
    assert "\n" not in text
    assert json.loads(text)["message"] == "it broke"
    assert "ZeroDivisionError: by zero" in json.loads(text)["trace"]


def test_the_openapi_document_describes_a_row(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    schema = paths["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    single, batch = schema["anyOf"]
    assert single["properties"]["mean_radius"]["maximum"] == 60
    assert batch["properties"]["rows"]["items"]["properties"].keys() == single["properties"].keys()
    assert "$ref" not in json.dumps(schema)
