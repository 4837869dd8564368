"""`DebugApi`: one request to an API from the gateway's side, with the exact bytes, and what a refusal means.

The dispatcher prepares it in a transaction and sends it after, so that a slow backend holds nothing. Credentials of apps
come from the store and are never shown. Invariant: the request goes to our own engine (`entrance.py`), and nowhere else.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from isthmus import __version__, errors
from isthmus.call_signature import SIGNATURE_METHODS, CallKey, sign
from isthmus.errors import Problem
from isthmus.masking import MASK
from isthmus.model import Draft
from isthmus.operations.apis import draft_of, require_api
from isthmus.operations.call import Call
from isthmus.operations.debug_exchange import Exchanged, ExchangeError, exchange
from isthmus.operations.explanations import EXPLANATIONS
from isthmus.operations.fields import raise_problems, read_app_id
from isthmus.operations.groups import require_group
from isthmus.publish.bindings import automatic_host
from isthmus.publish.resolve import join_path
from isthmus.store import Transaction
from isthmus.store.apps import codes_of_app, find_app, keys_of_app
from isthmus.store.editions import find_online

MOST_BODY = 512 * 1024
_AUTHENTICATIONS = ("NONE", "APPCODE", "APPKEY")
# The exchange sets them.
_RESERVED = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"}
)
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
_HOST = re.compile(r"[A-Za-z0-9.\[\]:_-]{1,255}")
_UNESCAPED = "".join(map(chr, range(33, 127)))


@dataclass(frozen=True)
class _Request:
    address: tuple[str, int]
    tls_name: str | None
    method: str
    resource: str
    headers: dict[str, str]
    body: bytes
    key: CallKey | None
    app_code: str | None

    def __repr__(self) -> str:
        return f"_Request({self.method} {self.resource})"


def debug_api(call: Call, params: Any) -> Mapping[str, Any]:
    return prepare_debug(call, params)()


def prepare_debug(call: Call, params: Any, draft_name: str | None = None) -> Callable[[], Mapping[str, Any]]:
    """Everything but the sending; with `draft_name`, to the draft that is served under it. Raises: ApiError."""
    api = require_api(call.transaction, params.api_id, params.group_id)
    stage = draft_name or (params.stage_name or "RELEASE").upper()
    running = None if draft_name else find_online(call.transaction, api.api_id, stage)
    # What does not run may be tried as well: the refusal is the answer then.
    draft = draft_of(api.definition if running is None else running.definition)
    group = require_group(call.transaction, api.group_id)
    settings = call.settings
    host = params.host or automatic_host(group.group_id, settings.region, settings.automatic_domain_suffix)
    scheme = _scheme(params.scheme, draft)
    path = params.path or join_path(group.base_path, draft.path)
    body = read_body(params)
    raise_problems([*_line_problems(host, path, params), *header_problems(params.headers or {})])
    headers = {"host": host, "user-agent": f"isthmus-debug/{__version__}", "accept": "*/*", "connection": "close"}
    headers |= {name.lower(): str(value) for name, value in (params.headers or {}).items()}
    headers |= {"x-ca-stage": stage, "content-length": str(len(body))}
    key, app_code = _credentials(call.transaction, params, draft)
    if app_code is not None:
        headers["authorization"] = f"APPCODE {app_code}"
    request = _Request(
        address=_address(call, scheme),
        tls_name=host.partition(":")[0] if scheme == "https" else None,
        method=(params.method or (draft.method if draft.method != "ANY" else "GET")).upper(),
        resource=quote(path, safe=_UNESCAPED),
        headers=headers,
        body=body,
        key=key,
        app_code=app_code,
    )
    if not call.entrance.admits(call.access_key_id):
        raise errors.single(
            "Throttling.User", "The debug page sends at most 60 requests a minute for each caller; wait."
        )
    return partial(_send, request)


def _send(request: _Request) -> Mapping[str, Any]:
    headers = dict(request.headers)
    signed = None
    if request.key is not None:
        signed = sign(request.method, request.resource, headers, request.body, request.key)
    # The engine keeps every step of the decision, however well and quickly it answers; no signature is about this.
    headers.setdefault("x-ca-request-mode", "debug")
    try:
        line = (request.method, request.resource)
        answer = exchange(request.address, request.tls_name, line, headers, request.body)
    except ValueError as error:
        raise errors.invalid([Problem("Headers", f"cannot be sent: {error}.")]) from error
    except ExchangeError as error:
        text = f"The engine on this machine does not answer ({error}); `isthmus status` shows its state."
        raise errors.single("EngineUnreachable", text) from error
    return _shown(request, answer, signed)


def _shown(request: _Request, answer: Exchanged, signed: str | None) -> Mapping[str, Any]:
    by_name = {name.lower(): value for name, value in answer.headers}
    code = by_name.get("x-ca-error-code")
    sent = answer.sent
    if request.app_code is not None:
        sent = sent.replace(request.app_code.encode(), MASK.encode())
    body, encoding = _text_or_base64(answer.body)
    sent_text, sent_encoding = _text_or_base64(sent)
    return {
        "status": answer.status,
        "reason": answer.reason,
        "headers": [{"name": name, "value": value} for name, value in answer.headers],
        "body": body,
        "body_encoding": encoding,
        "body_length": answer.body_length,
        "truncated": answer.body_length > len(answer.body),
        "milliseconds": answer.milliseconds,
        "gateway_request_id": by_name.get("x-ca-request-id"),
        "answered_by": "gateway" if code else "backend",
        "sent": sent_text,
        "sent_encoding": sent_encoding,
        "string_to_sign": signed,
        "refusal": None if not code else _refusal(code, by_name.get("x-ca-error-message", "")),
    }


def _refusal(code: str, message: str) -> dict[str, Any]:
    found = EXPLANATIONS.get(code)
    if found is None:
        return {"code": code, "message": message}
    return {"code": code, "message": message, **found._asdict()}


def _address(call: Call, scheme: str) -> tuple[str, int]:
    address = call.entrance.address(scheme)
    if address is None:
        text = f"No engine listens for {scheme} beside this control plane; send the request from where one runs (isthmus call)."
        raise errors.single("NoEngineHere", text)
    return address


def _scheme(given: str | None, draft: Draft) -> str:
    if given is not None:
        if given.lower() not in ("http", "https"):
            raise errors.invalid([Problem("Scheme", "must be HTTP or HTTPS.")])
        return given.lower()
    protocols = (draft.request_config.request_protocol or "HTTP").upper().split(",")
    return "https" if "HTTPS" in protocols and "HTTP" not in protocols else "http"


def read_body(params: Any) -> bytes:
    if params.body and params.body_base64:
        raise errors.invalid([Problem("Body", "is given twice: send Body or BodyBase64.")])
    try:
        body = base64.b64decode(params.body_base64 or "", validate=True) or (params.body or "").encode()
    except (binascii.Error, ValueError) as error:
        raise errors.invalid([Problem("BodyBase64", "is not Base64.")]) from error
    if len(body) > MOST_BODY:
        text = (
            f"has {len(body)} bytes; at most {MOST_BODY} (512 KB) can be sent from here. Use `isthmus call` or an SDK."
        )
        raise errors.invalid([Problem("Body", text)])
    return body


def _line_problems(host: str, path: str, params: Any) -> list[Problem]:
    problems = []
    if not _HOST.fullmatch(host):
        problems.append(Problem("Host", "must be a host, with a port or without."))
    if not path.startswith("/") or len(path) > 16_384 or any(ord(one) < 32 or ord(one) == 127 for one in path):
        problems.append(Problem("Path", "must start with a slash and have no control characters."))
    placeholders = re.findall(r"\[[^\]/]+\]", path.partition("?")[0])
    if placeholders:
        problems.append(Problem("Path", f"has {', '.join(placeholders)}; put values in their place."))
    if params.method and not re.fullmatch(r"[A-Za-z]{1,16}", params.method):
        problems.append(Problem("Method", "must be a method such as GET."))
    return problems


def header_problems(headers: Mapping[str, Any]) -> list[Problem]:
    problems = []
    for name in headers:
        if not _HEADER.fullmatch(name):
            problems.append(Problem("Headers", f"{name[:60]!r} is not the name of a header."))
        elif name.lower() in _RESERVED:
            problems.append(Problem("Headers", f"{name} is set by the gateway; leave it out."))
    return problems


def _credentials(transaction: Transaction, params: Any, draft: Draft) -> tuple[CallKey | None, str | None]:
    kind = (params.authentication or "NONE").upper()
    if kind not in _AUTHENTICATIONS:
        raise errors.invalid([Problem("Authentication", f"must be one of {', '.join(_AUTHENTICATIONS)}.")])
    if kind == "NONE":
        return None, None
    if params.app_id is None:
        raise errors.missing("AppId", "Say with AppId which app's credentials to send.")
    app_id = read_app_id("AppId", params.app_id)
    if find_app(transaction, app_id) is None:
        raise errors.not_found("App", f"There is no app {app_id}.")
    if kind == "APPCODE":
        codes = codes_of_app(transaction, app_id)
        if not codes:
            raise errors.not_found("AppCode", f"The app {app_id} has no AppCode.")
        return None, codes[0].code
    keys = [key for key in keys_of_app(transaction, app_id) if params.app_key in (None, key.app_key)]
    if not keys:
        raise errors.not_found("AppKey", f"The app {app_id} has no such AppKey.")
    allowed = draft.allow_signature_method.lower()
    method = next((name for name in SIGNATURE_METHODS if name.lower() in allowed), "HmacSHA256")
    return CallKey(keys[0].app_key, keys[0].secret, method), None


def _text_or_base64(data: bytes) -> tuple[str, str]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return base64.b64encode(data).decode(), "base64"
    # A cut character at the end of a truncated body comes out as Base64 too, which is no loss.
    return (base64.b64encode(data).decode(), "base64") if "\x00" in text else (text, "utf-8")
