"""Messages of the control plane on standard error: lines of text, or JSON objects for a log collector.

`control.process` and `processes.engine_host` set it up; whoever logs uses `logging` as always. A message that is logged
while a management call runs carries the id of that call, the one that the caller is told and that the audit trail has.
"""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

# The management call that is under way; empty outside of one.
request_id: ContextVar[str] = ContextVar("request_id", default="")


def log_to_stderr(level: str, form: str) -> None:
    """`level` and `form` as the settings `log_level` and `log_format` have them."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=level.upper(), handlers=[handler])
    for chatty in ("alembic", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


class TextLines(logging.Formatter):
    """`2026-11-24 09:00:00,000 WARNING isthmus.plane message (request 4BF9…)`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        text = super().formatMessage(record)
        current = request_id.get()
        return f"{text} (request {current})" if current and current not in text else text


class JsonLines(logging.Formatter):
    """One object a line: time (UTC, RFC 3339), level, logger, message, requestId and exception where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        shown = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if current := request_id.get():
            shown["requestId"] = current
        if record.exc_info:
            shown["exception"] = self.formatException(record.exc_info)
        return json.dumps(shown, ensure_ascii=False)
