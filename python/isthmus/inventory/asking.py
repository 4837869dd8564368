"""Asking a server for JSON, within a time and a size, and taking the answer apart.

Called by the sources that speak HTTP. Whatever comes back is a stranger's: `field_of` and its like give what has the
wanted shape and raise for everything else. Invariant: no text raised here has a credential in it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, TypeVar

import httpx

from isthmus.inventory.source import SourceError

ANSWER_SECONDS = 10.0
_MOST_BYTES = 64 * 1024**2
_SHOWN = 200
_Kind = TypeVar("_Kind")
_NAMES = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number"}


def get_json(client: httpx.Client, path: str, query: Mapping[str, str], seconds: float = ANSWER_SECONDS) -> Any:
    """Raises: SourceError."""
    deadline = time.monotonic() + seconds
    try:
        with client.stream("GET", path, params=query, timeout=seconds) as answer:
            body = _read(answer, deadline, seconds)
    except httpx.TimeoutException as error:
        raise SourceError(f"no answer within {seconds:g} s") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SourceError(f"cannot be asked: {error}"[:_SHOWN]) from error
    if answer.status_code != 200:
        raise SourceError(f"answers {answer.status_code} {answer.reason_phrase}{_message(body)}"[: 2 * _SHOWN])
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise SourceError("the answer is not JSON") from error


def field_of(value: Any, name: str, kind: type[_Kind], where: str) -> _Kind:
    """Raises: SourceError when the member is missing, or of another kind."""
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, kind):
        raise SourceError(f"the answer has no {where}.{name} that is {_NAMES[kind]}")
    return found


def optional_field(value: Any, name: str, kind: type[_Kind], where: str) -> _Kind | None:
    """None when it is missing or null. Raises: SourceError when it is of another kind."""
    if isinstance(value, dict) and value.get(name) is None:
        return None
    return field_of(value, name, kind, where)


def items_of(value: Any, where: str) -> list[Any]:
    """Raises: SourceError when this is no list."""
    if not isinstance(value, list):
        raise SourceError(f"the answer is not {where}")
    return value


def _read(answer: httpx.Response, deadline: float, seconds: float) -> bytes:
    body = bytearray()
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise SourceError(f"the answer is longer than {_MOST_BYTES} bytes")
        # The time limit of the client is for each piece; a server may send them slowly for ever.
        if time.monotonic() > deadline:
            raise SourceError(f"no whole answer within {seconds:g} s")
    return bytes(body)


def _message(body: bytes) -> str:
    """What a refusal says about itself, if it does."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    text = found.get("message") if isinstance(found, dict) else None
    if not isinstance(text, str) or not text:
        return ""
    return f": {''.join(one for one in text if one.isprintable())[:_SHOWN]}"
