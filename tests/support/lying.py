"""A registry that lies, and a host beside it that nobody has reason to trust.

    python lying.py MODE

The artifact is in /content/<hexadecimal digest>. The registry listens on 5000 and asks for a password, the other host
on 5001; it tells at /seen how often it was asked, and how often with somebody's credentials.
"""

from __future__ import annotations

import contextlib
import http.server
import sys
import threading
from pathlib import Path

MODE = sys.argv[1]
ELSEWHERE = "http://elsewhere:5001"
SEEN = {"asked": 0, "credentials": 0}
PADDING = b" " * (5 << 20)


class Answering(http.server.BaseHTTPRequestHandler):
    """What both hosts have in common."""

    def answer(self, code: int, content: bytes, **headers: str) -> None:
        """Answer with some content."""
        self.send_response(code)
        kind = "application/vnd.oci.image.manifest.v1+json"
        said = {"Content-Type": kind, "Content-Length": str(len(content)), **headers}
        for name, value in said.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def content(self) -> bytes | None:
        """What is stored under the digest that is asked for."""
        path = Path("/content") / self.path.rpartition("sha256:")[2]
        return path.read_bytes() if path.is_file() else None

    def do_GET(self) -> None:
        """One request."""
        raise NotImplementedError

    def do_HEAD(self) -> None:
        """The same, without content."""
        self.do_GET()


class Lying(Answering):
    """The registry."""

    def do_GET(self) -> None:
        """One request."""
        content = self.content()
        blob = "/blobs/" in self.path
        redirected = (MODE in ("blob elsewhere", "storage elsewhere") and blob) or (
            MODE in ("manifest elsewhere", "an inner address") and "/manifests/" in self.path
        )
        if "Authorization" not in self.headers:
            self.answer(401, b"", WWW_Authenticate='Basic realm="x"')
        elif self.path == "/v2/":
            self.answer(200, b"{}")
        elif content is None:
            self.answer(404, b"{}")
        elif redirected:
            host = "http://169.254.169.254" if MODE == "an inner address" else ELSEWHERE
            self.answer(307, b"", Location=host + self.path)
        elif MODE == "endless blob" and blob:
            self.endless()
        elif MODE == "another manifest" or (MODE == "another blob" and blob):
            self.answer(200, content.replace(b"2", b"3"))
        else:
            self.answer(200, content + (PADDING if MODE == "oversized" and not blob else b""))

    def content(self) -> bytes | None:
        """An oversized manifest has another digest than its text."""
        if MODE == "oversized" and "/manifests/sha256:" in self.path:
            return Path("/content/oversized").read_bytes()
        return super().content()

    def endless(self) -> None:
        """A blob without an end."""
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            while self.command == "GET":
                self.wfile.write(PADDING)


class Elsewhere(Answering):
    """The other host."""

    def do_GET(self) -> None:
        """One request."""
        if self.path == "/seen":
            self.answer(200, f"{SEEN['asked']} {SEEN['credentials']}".encode())
            return
        SEEN["asked"] += 1
        SEEN["credentials"] += "Authorization" in self.headers
        content = self.content() or b""
        self.answer(200, content if MODE == "storage elsewhere" else content.replace(b"2", b"3"))


for port, handler in ((5001, Elsewhere), (5000, Lying)):
    server = http.server.ThreadingHTTPServer(("", port), handler)
    threading.Thread(target=server.serve_forever).start()
