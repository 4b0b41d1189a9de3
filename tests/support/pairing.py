"""In front of a registry without a referrers API: two writers that meet in the worst moment.

    python pairing.py UPSTREAM PAIRS

Hands everything on. The first PAIRS times that a list of referrers (a tag `sha256-…`) is written, the write is held
until another writer has read the same list and writes it, too; then one goes through after the other. What the first
one added is lost then, as the specification allows. Says at `/lost` how often two met.
"""

from __future__ import annotations

import http.client
import http.server
import sys
import threading

UPSTREAM, PAIRS = sys.argv[1], int(sys.argv[2])
WAIT = 20.0
HOP = {"connection", "transfer-encoding", "keep-alive", "te", "upgrade"}


class Pairs:
    """Who waits for whom."""

    def __init__(self) -> None:
        self.change = threading.Condition()
        self.waiting = False
        self.met = 0
        self.through = 0

    def hold(self) -> int:
        """Wait for the other writer; gives our place in the row of those who met."""
        with self.change:
            if self.met >= PAIRS:
                return 0
            if self.waiting:
                self.waiting = False
                self.met += 1
                place = 2 * self.met
                self.change.notify_all()
                self.change.wait_for(lambda: self.through >= place - 1, WAIT)
                return place
            self.waiting = True
            place = 2 * self.met + 1
            self.change.wait_for(lambda: 2 * self.met > place - 1, WAIT)
            self.waiting = False
            return place

    def done(self, place: int) -> None:
        """Let the next one through."""
        with self.change:
            self.through = max(self.through, place)
            self.change.notify_all()


ROW = Pairs()


class Handler(http.server.BaseHTTPRequestHandler):
    """Hands on what it gets."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        """One request."""
        if self.path == "/lost":
            return self.send(200, [], str(ROW.met).encode())
        body = self.body()
        listing = self.command == "PUT" and "/manifests/sha256-" in self.path
        place = ROW.hold() if listing else 0
        try:
            self.send(*self.asked(body))
        finally:
            ROW.done(place)

    def body(self) -> bytes:
        """What came with it, also in chunks."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        found = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def asked(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """What the registry says."""
        upstream = http.client.HTTPConnection(UPSTREAM, timeout=60)
        kept = {n: v for n, v in self.headers.items() if n.lower() not in HOP | {"content-length"}}
        upstream.request(self.command, self.path, body or None, kept)
        reply = upstream.getresponse()
        content = reply.read()
        headers = [(n, v) for n, v in reply.getheaders() if n.lower() not in HOP]
        upstream.close()
        return reply.status, headers, content

    def send(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        """Answer with it."""
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers) and status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = answer  # noqa: N815 - the names that http.server calls
    do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815


http.server.ThreadingHTTPServer(("", 5000), Handler).serve_forever()
