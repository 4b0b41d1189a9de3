"""inside.smoke against a server on this machine's loopback."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from slipway.steps import smoke

ROWS = [{"x": 1.0}, {"x": 2.0}]
ANSWERS = [{"probability": 0.25, "label": 0}, {"probability": 0.75, "label": 1}]
Answer = Callable[[str, bytes], tuple[int, object]]


def good(path: str, body: bytes) -> tuple[int, object]:
    """Answers as the model does."""
    if path == "/readyz":
        return 200, {"status": "ready"}
    asked = json.loads(body)
    if "rows" not in asked:
        return 200, ANSWERS[ROWS.index(asked)]
    return 200, {"answers": [ANSWERS[ROWS.index(row)] for row in asked["rows"]]}


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """A service that answers so; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.respond(b"")

        def do_POST(self) -> None:
            self.respond(self.rfile.read(int(self.headers["content-length"])))

        def respond(self, body: bytes) -> None:
            status, content = answer(self.path, body)
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def run(folder: Path, url: str, log: str | None = None, seconds: str = "0.5") -> int:
    """Run the program on the rows above."""
    (folder / "heldout.json").write_text(json.dumps({"rows": ROWS, "answers": ANSWERS}))
    if log is not None:
        (folder / "log").write_text(log)
    return smoke.main(
        ["--url", url, "--heldout", str(folder / "heldout.json"), "--log", str(folder / "log"),
         "--seconds", seconds]
    )  # fmt: skip


def test_a_service_that_answers_as_the_model_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(good) as url:
        assert run(tmp_path, url) == 0
    assert "2 held-out rows answered as the model does" in capsys.readouterr().out


def changed(**values: object) -> Answer:
    """Answers as the model does, but for these values of the second row."""

    def answer(path: str, body: bytes) -> tuple[int, object]:
        status, content = good(path, body)
        if isinstance(content, dict) and "answers" in content:
            content["answers"] = [content["answers"][0], {**content["answers"][1], **values}]
        return status, content

    return answer


def dropped(path: str, body: bytes) -> tuple[int, object]:
    """Leaves the last answer out."""
    status, content = good(path, body)
    if isinstance(content, dict) and "answers" in content:
        content["answers"].pop()
    return status, content


def refusing(path: str, body: bytes) -> tuple[int, object]:
    """Is ready, and takes no row."""
    return (422, {"detail": "x is no number"}) if path == "/predict" else good(path, body)


def other_for_one(path: str, body: bytes) -> tuple[int, object]:
    """Answers a batch well, and one row by itself otherwise."""
    status, content = good(path, body)
    if isinstance(content, dict) and "label" in content:
        content = {"probability": 0.5, "label": 0}
    return status, content


BAD: dict[str, tuple[Answer, str]] = {
    "another probability": (changed(probability=0.7500001), "row 1"),
    "another label": (changed(label=0), "row 1"),
    "no number": (changed(probability="nan"), "row 1"),
    "an answer too few": (dropped, "2 rows were posted, 1 answers"),
    "a refusal": (refusing, "HTTP status 422: "),
    "one row alone": (other_for_one, "row 0"),
}


@pytest.mark.parametrize(("answer", "words"), BAD.values(), ids=BAD)
def test_wrong_answers_fail_with_the_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], answer: Answer, words: str
) -> None:
    with serving(answer) as url:
        assert run(tmp_path, url, log="its last words\n") == 3
    told = capsys.readouterr().err
    assert words in told.splitlines()[0]
    assert told.endswith("its last words\n")


def test_a_service_that_is_never_ready_fails_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(lambda *_: (503, {"detail": "loading"})) as url:
        assert run(tmp_path, url, log="model missing\n", seconds="0.2") == 3
    told = capsys.readouterr().err
    assert "not ready within 0.2 s (last: HTTP status 503)" in told
    assert "model missing" in told


def test_a_service_that_ended_is_not_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    log = "no port\nthe service ended with exit code 7\n"
    assert run(tmp_path, "http://127.0.0.1:1", log=log, seconds="30") == 3
    assert time.monotonic() - began < 5
    assert "the service has ended" in capsys.readouterr().err


def test_the_log_of_an_earlier_run_says_nothing_of_this_one(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("the service ended with exit code 0\n")
    os.utime(log, (time.time() - 60, time.time() - 60))
    assert not smoke.has_ended(log, time.time() - smoke.STALE)
    log.touch()
    assert smoke.has_ended(log, time.time() - smoke.STALE)


def test_an_address_of_a_file_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "file:///etc") == 3
    assert "does not begin with http://" in capsys.readouterr().err
