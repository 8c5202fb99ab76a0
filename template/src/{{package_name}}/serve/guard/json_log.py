"""The log of the process: one line of JSON for each entry, whoever writes it."""

import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

from pydantic_core import to_json

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The name of the request that is being answered; empty between requests."""


class JsonLine(logging.Formatter):
    """Writes an entry with its time (UTC, ISO 8601), level, writer, request, and `fields` that were given as extra."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname,
            "message": _encodable(record.getMessage()),
            "logger": record.name,
        }
        if name := request_id.get():
            line["request"] = name
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["traceback"] = _encodable(self.formatException(record.exc_info))
        return to_json(line).decode()


def configure(level: str) -> None:
    """Write every entry from this level on to standard output, those of uvicorn too."""
    # None of this is written, and collecting it takes longer than the line (Python's Logging HOWTO, Optimization).
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if isinstance(handler.formatter, JsonLine):
            root.removeHandler(handler)
    ours = logging.StreamHandler(sys.stdout)
    ours.setFormatter(JsonLine())
    root.addHandler(ours)
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.setLevel(logging.NOTSET)
        logger.propagate = True
    # It would log each request a second time, with the client's address and the query.
    logging.getLogger("uvicorn.access").propagate = False


def _encodable(text: str) -> str:
    """Escape half surrogate pairs, which clients can send in JSON and no encoding can write."""
    return text.encode(errors="backslashreplace").decode()
