"""Which parts of requests and answers a group wants in the records of its requests: `UserLogConfig`, a JSON text.

`operations/groups.py` asks for the problems of a text before it is stored; `publish/bindings.py` puts what it says into
the group's record. Invariant: a text without problems is understood whole; of any other only what is understood counts.
"""

from __future__ import annotations

import json
from typing import Any

from isthmus.errors import Problem

_PARAMETER = "UserLogConfig"
_BODIES = {"requestBody": "request_body", "responseBody": "response_body"}
_NAMES = {
    "queryString": "query_string",
    "requestHeaders": "request_headers",
    "responseHeaders": "response_headers",
    "jwtClaims": "jwt_claims",
}
# The SDK sends true, the console and older tools "true".
_SWITCHES: dict[Any, bool] = {True: True, False: False, "true": True, "false": False, "": False, None: False}


def recorded_parts(text: str) -> dict[str, Any]:
    """For the plan; nothing when nothing is asked for."""
    read = _read(text)
    if not isinstance(read, dict):
        return {}
    found: dict[str, Any] = {inner: True for name, inner in _BODIES.items() if _switch(read.get(name))}
    for name, inner in _NAMES.items():
        names = [one.strip() for one in str(read.get(name) or "").split(",") if one.strip()]
        if names:
            found[inner] = [one.lower() for one in names] if inner.endswith("headers") else names
    return found


def recorded_problems(text: str) -> list[Problem]:
    if len(text) > 4096:
        return [Problem(_PARAMETER, "is longer than 4096 characters.")]
    read = _read(text)
    if read is None:
        return [Problem(_PARAMETER, "is not JSON.")]
    if not isinstance(read, dict):
        return [Problem(_PARAMETER, "must be a JSON object.")]
    problems = []
    for name, value in read.items():
        if name in _BODIES and _switch(value) is None:
            problems.append(Problem(_PARAMETER, f"{name} must be true or false."))
        elif name in _NAMES and not (value is None or isinstance(value, str)):
            problems.append(Problem(_PARAMETER, f"{name} must be names separated by commas, or * for all of them."))
        elif name in _NAMES and not str(value or "").isprintable():
            problems.append(Problem(_PARAMETER, f"{name} has a character that nobody can see; remove it."))
        elif name not in _BODIES and name not in _NAMES:
            known = ", ".join([*_BODIES, *_NAMES])
            problems.append(Problem(_PARAMETER, f"{name[:60]!r} is not one of {known}."))
    return problems


def _switch(value: Any) -> bool | None:
    if isinstance(value, (bool, str)) or value is None:
        return _SWITCHES.get(value)
    return None


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
