"""What surrounds each request: a limit on its size, an id, a line in the log, counts."""

import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from screening import logs
from screening.monitor import Monitor

# What a client may call its request: enough for every usual id, nothing that could forge a line of
# a log.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class _TooLargeError(Exception):
    """More of a body came in than is accepted."""


class LimitBody:
    """Answer 413 to bodies that are too large, also to those that do not tell their length."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        """Take the application inside and the largest body it gets, in bytes."""
        self._app, self._most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and count what comes in."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        received = 0

        async def count() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._most:
                raise _TooLargeError
            return message

        try:
            length = Headers(scope=scope).get("content-length", "0")
            if length.isdecimal() and int(length) > self._most:
                raise _TooLargeError
            await self._app(scope, count, send)
        except _TooLargeError:
            refusal = JSONResponse(
                {"detail": f"The body is over {self._most:,} bytes; send fewer rows."}, 413
            )
            await refusal(scope, receive, send)


class Observe:
    """Log and count each request when it is over, also one that ends in an error."""

    def __init__(self, app: ASGIApp, monitor: Monitor) -> None:
        """Take the application inside and where requests are counted."""
        self._app, self._monitor = app, monitor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note what came of it."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        start, status, name = time.perf_counter(), 500, _request_id(scope)

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = name
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            self._done(scope, status, time.perf_counter() - start, name)

    def _done(self, scope: Scope, status: int, seconds: float, name: str) -> None:
        method, path = scope["method"], scope["path"]
        # Counted under the route, not under the path: a scanner must not be able to make a series a
        # request.
        route = getattr(scope.get("route"), "path", "other")
        self._monitor.request(method if route != "other" else "other", route, status, seconds)
        facts = {
            "method": method,
            "path": path,
            "status": status,
            "ms": round(seconds * 1000, 2),
            "request_id": name,
        }
        logs.REQUESTS.info("request", extra={"facts": facts})


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
