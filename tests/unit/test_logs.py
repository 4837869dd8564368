"""What a message of the control plane looks like."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime

from isthmus import logs


def record(message: str, *, failed: bool = False) -> logging.LogRecord:
    told = None
    if failed:
        try:
            raise ValueError("broken")
        except ValueError:
            told = sys.exc_info()
    return logging.LogRecord("isthmus.store", logging.WARNING, __file__, 1, message, ("x",), told)


def test_a_line_of_json_says_when_who_what_and_in_which_call() -> None:
    token = logs.request_id.set("4BF9-1")
    try:
        shown = json.loads(logs.JsonLines().format(record("cannot keep %s\n", failed=True)))
    finally:
        logs.request_id.reset(token)
    assert datetime.fromisoformat(shown.pop("time")).utcoffset() is not None
    assert "ValueError: broken" in shown.pop("exception")
    assert shown == {
        "level": "warning",
        "logger": "isthmus.store",
        "message": "cannot keep x\n",
        "requestId": "4BF9-1",
    }


def test_a_line_of_text_names_the_call_once() -> None:
    token = logs.request_id.set("4BF9-1")
    try:
        assert (
            logs.TextLines().format(record("cannot keep %s")).endswith(" isthmus.store cannot keep x (request 4BF9-1)")
        )
        assert logs.TextLines().format(record("request 4BF9-1 keeps %s")).endswith("request 4BF9-1 keeps x")
    finally:
        logs.request_id.reset(token)
    assert logs.TextLines().format(record("cannot keep %s")).endswith("cannot keep x")
    assert "requestId" not in json.loads(logs.JsonLines().format(record("%s")))
