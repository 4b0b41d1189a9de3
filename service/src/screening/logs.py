"""Logs for machines: one JSON object a line on standard output."""

import json
import logging
import sys
from datetime import UTC, datetime

REQUESTS = logging.getLogger("screening.requests")
SERVICE = logging.getLogger("screening.service")


class JsonFormatter(logging.Formatter):
    """One line a record: time (UTC), level, logger, message, and ``extra={"facts": {…}}``."""

    def format(self, record: logging.LogRecord) -> str:
        """Give a record as one line of JSON."""
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= getattr(record, "facts", {})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure() -> None:
    """Send all that is logged in this process, by uvicorn too, to standard output as JSON."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
