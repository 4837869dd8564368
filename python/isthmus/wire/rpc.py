"""RPC signatures in the parameter `Signature`: HMAC-SHA1 as older SDKs, the CLI and Terraform send it, or HMAC-SHA256.

Source: vendor page "Request structure and signature (V2, RPC)". Called by `signature.py`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from isthmus import errors
from isthmus.wire.encoding import canonical_query, percent
from isthmus.wire.request import WireRequest

_HASHES: dict[str, Callable[..., Any]] = {
    "HMAC-SHA1": hashlib.sha1,
    "HMAC-SHA256": hashlib.sha256,
}


def hash_of(request: WireRequest) -> Callable[..., Any]:
    """Raises: ApiError for an algorithm that is not supported."""
    name = request.parameter("SignatureMethod") or "HMAC-SHA1"
    if name.upper() not in _HASHES:
        text = f"The algorithm {name[:40]} is not supported: use HMAC-SHA1 or HMAC-SHA256."
        raise errors.single("InvalidSignatureMethod", text)
    return _HASHES[name.upper()]


def string_to_sign(request: WireRequest) -> str:
    """Over everything in query and form but the signature itself, blank values included."""
    signed = [(name, value) for name, value in request.query + request.form if name != "Signature"]
    return f"{request.method}&%2F&{percent(canonical_query(signed))}"


def signature(secret: str, text: str, algorithm: Callable[..., Any]) -> str:
    return base64.b64encode(hmac.new(f"{secret}&".encode(), text.encode(), algorithm).digest()).decode()
