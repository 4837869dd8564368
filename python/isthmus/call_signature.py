"""Signing a call through the gateway, as the vendor's clients do (vendor page "Request signatures").

Used by `isthmus call` and by `DebugApi`; the engine checks what is made here. Invariant: of equal names the first counts,
and a form's before the query's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import uuid
from typing import NamedTuple
from urllib.parse import parse_qsl

_FORM = "application/x-www-form-urlencoded"
_DEFAULT = "HmacSHA256"
SIGNATURE_METHODS = {_DEFAULT: hashlib.sha256, "HmacSHA1": hashlib.sha1}


class CallKey(NamedTuple):
    app_key: str
    secret: str
    method: str = _DEFAULT

    def __repr__(self) -> str:
        return f"CallKey({self.app_key}, ***)"


def sign(method: str, resource: str, headers: dict[str, str], body: bytes, key: CallKey) -> str:
    """Adds the signature's headers and returns the text that was signed. `resource` is path and query."""
    headers |= {
        "x-ca-key": key.app_key,
        "x-ca-timestamp": str(int(time.time() * 1000)),
        "x-ca-nonce": str(uuid.uuid4()),
    }
    if key.method != _DEFAULT:
        headers["x-ca-signature-method"] = key.method
    is_form = headers.get("content-type", "").lower().startswith(_FORM)
    if body and not is_form:
        headers["content-md5"] = base64.b64encode(hashlib.md5(body).digest()).decode()
    names = sorted(name for name in headers if name.startswith("x-ca-"))
    headers["x-ca-signature-headers"] = ",".join(names)
    lines = [method, *(headers.get(name, "") for name in ("accept", "content-md5", "content-type", "date"))]
    lines += [f"{name}:{headers[name]}" for name in names]
    text = "\n".join([*lines, signed_resource(resource, body.decode("utf-8", "replace") if is_form else "")])
    digest = hmac.new(key.secret.encode(), text.encode(), SIGNATURE_METHODS[key.method]).digest()
    headers["x-ca-signature"] = base64.b64encode(digest).decode()
    return text


def signed_resource(resource: str, form: str) -> str:
    """An empty value leaves the name alone."""
    path, _, query = resource.partition("?")
    values: dict[str, str] = {}
    for text in (form, query):
        for name, value in parse_qsl(text, keep_blank_values=True):
            if name:
                values.setdefault(name, value)
    joined = "&".join(f"{name}={value}" if value else name for name, value in sorted(values.items()))
    return f"{path}?{joined}" if joined else path
