"""The service as a process: it serves, stops when told to, and says why it cannot."""

import http.client
import json
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from screening.__main__ import main
from support import Server, free_port, wait_for

Serve = Callable[[dict[str, str]], int]


def is_ready(port: int) -> bool:
    """Ask whether the service on a port is ready."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def refuses(port: int) -> bool:
    """Ask whether new connections to a port are refused."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_on_sigterm_it_finishes_what_is_under_way_and_ends_with_0(
    server: Server, heldout: dict[str, list[dict[str, float]]]
) -> None:
    wait_for(lambda: is_ready(server.port), seconds=60)
    body = json.dumps(heldout["rows"][0]).encode()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.putrequest("POST", "/predict")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[:10])
    wait_for(lambda: is_ready(server.port), seconds=5)  # so the request before was taken up

    server.process.send_signal(signal.SIGTERM)
    wait_for(lambda: refuses(server.port), seconds=5)
    connection.send(body[10:])
    with connection.getresponse() as response:
        assert (response.status, json.load(response)) == (200, heldout["answers"][0])
    connection.close()

    assert server.process.wait(10) == 0
    assert server.errors.read_text() == ""
    lines = [json.loads(line) for line in server.output.read_text().splitlines()]
    assert [line["path"] for line in lines if line["message"] == "request"][-1] == "/predict"


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Run the service's main function in this process, with some settings; give its exit code."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level

    def run(settings: dict[str, str]) -> int:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        return main()

    yield run
    root.handlers, root.level = handlers, level


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        ({"PORT": "http"}, 2, "PORT=http: Input should be a valid integer"),
        ({"PORT": "70000"}, 2, "PORT=70000: Input should be less than or equal to 65535."),
        ({"MODEL_DIR": "/nowhere"}, 1, "/nowhere/schema.json: the schema cannot be read"),
    ],
)
def test_what_keeps_it_from_starting_is_a_sentence(
    settings: dict[str, str],
    code: int,
    said: str,
    serve: Serve,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert serve(settings) == code
    output = capsys.readouterr()
    assert output.out == ""
    assert said in output.err
    assert output.err.count("\n") == 1


def test_a_damaged_model_ends_the_process_with_its_reason(
    model_dir: Path, tmp_path: Path, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("schema.json", "metrics.json"):
        (tmp_path / name).write_bytes((model_dir / name).read_bytes())
    (tmp_path / "model.skops").write_bytes(b"")
    settings = {"MODEL_DIR": str(tmp_path), "HOST": "127.0.0.1", "PORT": str(free_port())}
    assert serve(settings) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (error,) = [line["message"] for line in lines if line["level"] == "error"]
    assert "it was changed or damaged" in error


def test_a_port_in_use_ends_the_process(
    model_dir: Path, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert serve({"MODEL_DIR": str(model_dir), "HOST": "127.0.0.1", "PORT": port}) == 1
    assert "address already in use" in capsys.readouterr().out
