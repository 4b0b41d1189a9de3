"""`python -m iris`: serve /readyz and /predict on $PORT, with the model in $MODEL_DIR."""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from . import model
from .validate import Schema, row_problems

MOST_BYTES = 1_000_000


class Server(ThreadingHTTPServer):
    """The server, with the model that it serves."""

    def __init__(self, port: int, folder: Path) -> None:
        self.schema: Schema = json.loads((folder / "schema.json").read_text(encoding="utf-8"))
        self.model = model.from_bytes((folder / "model.skops").read_bytes())
        super().__init__(("", port), Handler)

    def predict(self, body: Any) -> tuple[int, Any]:
        """Give status and answer: one row gives one answer, {"rows": […]} gives {"answers": […]}."""
        many = isinstance(body, dict) and "rows" in body
        rows = body["rows"] if many else [body]
        if not (isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows)):
            return 422, {"problems": ['expected a row, or {"rows": [row, …]}']}
        if found := [problem for row in rows for problem in row_problems(row, self.schema)]:
            return 422, {"problems": found}
        answers = model.answer(self.model, rows, list(self.schema["features"]))
        return 200, {"answers": answers} if many else answers[0]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def do_GET(self) -> None:
        """Answer /readyz: who listens has loaded its model."""
        self._answer(*((200, {"ready": True}) if self.path == "/readyz" else (404, {})))

    def do_POST(self) -> None:
        """Answer /predict."""
        length = int(self.headers.get("content-length", 0))
        if self.path != "/predict" or length > MOST_BYTES:
            return self._answer(404 if self.path != "/predict" else 413, {})
        try:
            body = json.loads(self.rfile.read(length))
        except ValueError:
            return self._answer(422, {"problems": ["the body is not JSON"]})
        self._answer(*self.server.predict(body))

    def _answer(self, status: int, content: Any) -> None:
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


if __name__ == "__main__":
    # The first process of a container ignores a signal that it does not handle: without this it stops by force only.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    folder = Path(os.environ.get("MODEL_DIR", "/model"))
    Server(int(os.environ.get("PORT", "8080")), folder).serve_forever()
