"""Serve the model: ``python -m screening``.

Settings come from the environment, see `screening.settings`.
On SIGTERM or SIGINT it stops accepting, finishes what is under way, and ends with exit code 0. When
the model cannot be served it ends with 1, when a setting is wrong with 2; the reason is on standard
error.
"""

import signal
import sys
from types import FrameType

import uvicorn
from pydantic import ValidationError

from screening import logs
from screening.app import create_app
from screening.errors import ScreeningError
from screening.settings import Settings


def main() -> int:
    """Serve until told to stop; give the exit code."""
    try:
        settings = Settings()
    except ValidationError as error:
        for each in error.errors():
            name = ".".join(map(str, each["loc"])).upper()
            print(f"{name}={each['input']}: {each['msg']}.", file=sys.stderr)
        return 2
    logs.configure()
    return _Service(settings).serve()


class _Service:
    """One run of the server, and whether it failed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._server: uvicorn.Server | None = None
        self._has_failed = False

    def serve(self) -> int:
        try:
            app = create_app(self._settings, on_failure=self._fail)
        except ScreeningError as error:
            print(*error.problems, sep="\n", file=sys.stderr)
            return 1
        # uvicorn raises the signal anew when it has stopped, for whoever had been listening: that
        # is us, and we are done.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _ignore)
        self._server = uvicorn.Server(_configuration(app, self._settings))
        try:
            self._server.run()
        except SystemExit:  # uvicorn's way to say that it could not start; it has logged why
            return 1
        return 1 if self._has_failed else 0

    def _fail(self) -> None:
        self._has_failed = True
        if self._server is not None:
            self._server.should_exit = True


def _configuration(app: object, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.grace_seconds,
    )


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the signal has been acted upon."""


if __name__ == "__main__":
    sys.exit(main())
