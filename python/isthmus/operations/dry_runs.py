"""`DryRunRequest`: what an engine would decide about a request, without sending or counting anything.

The dispatcher prepares it in a transaction and asks the engine after. With an app, its signature or AppCode is put into
the request here, so that the engine goes the whole way with it. Invariant: no credential of an app is in the answer.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from isthmus import errors
from isthmus.call_signature import CallKey, sign
from isthmus.errors import Problem
from isthmus.operations.call import Call, NodeReports
from isthmus.operations.debug import header_problems, read_body
from isthmus.operations.fields import raise_problems, read_app_id
from isthmus.operations.request_records import decision_of
from isthmus.store import Transaction
from isthmus.store.apps import codes_of_app, find_app, keys_of_app

_PATIENCE = 10.0
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_LONGEST_URL = 16_384


class _Caller(NamedTuple):
    """As whom the request is made; neither, as nobody."""

    key: CallKey | None = None
    app_code: str | None = None


def dry_run_request(call: Call, params: Any) -> Mapping[str, Any]:
    return prepare_dry_run(call, params)()


def prepare_dry_run(call: Call, params: Any) -> Callable[[], Mapping[str, Any]]:
    """Everything but the asking. Raises: ApiError."""
    method = (params.method or "GET").upper()
    url, problems = _url(params.url)
    if method not in _METHODS:
        problems.append(Problem("Method", f"must be one of {', '.join(sorted(_METHODS))}."))
    for name, text in (("StageName", params.stage_name), ("AppCode", params.app_code)):
        if text and not (text.isascii() and text.isprintable()):
            problems.append(Problem(name, "must be printable ASCII."))
    raise_problems([*problems, *header_problems(params.headers or {})])
    body = read_body(params)
    caller = _caller(call.transaction, params)
    headers = {"host": url.netloc, **{name.lower(): str(value) for name, value in (params.headers or {}).items()}}
    if params.stage_name:
        headers["x-ca-stage"] = params.stage_name.upper()
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    if caller.app_code is not None:
        headers["authorization"] = f"APPCODE {caller.app_code}"
    if caller.key is not None:
        sign(method, target, headers, body, caller.key)
    imagined = {
        "scheme": url.scheme,
        "method": method,
        "target": target,
        "headers": list(headers.items()),
        "body": base64.b64encode(body).decode(),
        "client_ip": params.client_ip or None,
    }
    return partial(_ask, call.nodes, {"dry_run": imagined})


def _ask(nodes: NodeReports, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    node, answer = nodes.ask("", wanted, _PATIENCE)
    if answer is None:
        who = f"The engine {node[:64]} does" if node else "No engine is connected to this control plane, so none does"
        raise errors.single("EngineUnreachable", f"{who} not answer; `isthmus status` shows the engines.")
    records = answer.get("records")
    if not isinstance(records, list) or not records or not isinstance(records[0], dict):
        problem = str(answer.get("problem") or "it cannot imagine requests: it may be of an older version")
        raise errors.single("InvalidRequest", f"The engine {node[:64]} says: {problem[:300]}.")
    return {"decision": decision_of({**records[0], "node": node})}


def _url(text: str) -> tuple[SplitResult, list[Problem]]:
    wrong = "must be a URL such as https://api.example.com/path?name=value, of visible ASCII characters."
    try:
        url = urlsplit(text)
        fits = url.scheme in ("http", "https") and bool(url.hostname) and (url.port or 1) > 0
    except ValueError:
        url, fits = urlsplit("http://localhost/"), False
    visible = all("!" <= character <= "~" for character in text) and len(text) <= _LONGEST_URL
    # Whoever writes a name and a password there means somebody else's gateway.
    fits = fits and visible and "@" not in url.netloc
    return url, [] if fits else [Problem("Url", wrong)]


def _caller(transaction: Transaction, params: Any) -> _Caller:
    if params.app_code and params.app_id is not None:
        raise errors.invalid([Problem("AppCode", "is given beside AppId: say one of them.")])
    if params.app_code:
        return _Caller(app_code=params.app_code)
    if params.app_id is None:
        return _Caller()
    app_id = read_app_id("AppId", params.app_id)
    if find_app(transaction, app_id) is None:
        raise errors.not_found("App", f"There is no app {app_id}.")
    keys = keys_of_app(transaction, app_id)
    if keys:
        return _Caller(CallKey(keys[0].app_key, keys[0].secret))
    codes = codes_of_app(transaction, app_id)
    if not codes:
        raise errors.not_found("AppKey", f"The app {app_id} has neither an AppKey nor an AppCode.")
    return _Caller(app_code=codes[0].code)
