"""ACS3-HMAC-SHA256: the signature in the `Authorization` header that the vendor's newer SDKs send.

Source: vendor page "Request structure and signature (V3)". Called by `signature.py`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

from isthmus import errors
from isthmus.wire.encoding import canonical_query
from isthmus.wire.request import WireRequest

SCHEME = "ACS3-HMAC-SHA256"
_DECIDING = ("x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version")
# Some clients put a space behind the commas.
_FORM = re.compile(
    r"(?P<scheme>[A-Za-z0-9-]+)\s+Credential=(?P<id>[^,]*),\s*SignedHeaders=(?P<headers>[^,]*),\s*Signature=(?P<signature>[0-9A-Fa-f]*)"
)


@dataclass(frozen=True)
class Authorization:
    access_key_id: str
    signed_headers: str
    signature: str


def parse(request: WireRequest) -> Authorization:
    """Raises: ApiError for another algorithm or a header that has not all three parts."""
    text = request.header("authorization")
    match = _FORM.fullmatch(text.strip())
    scheme = text.split(" ", 1)[0]
    if scheme != SCHEME:
        raise errors.single(
            "InvalidSignatureMethod",
            f"The algorithm {scheme[:40]} is not supported: use {SCHEME}.",
        )
    if match is None or not match["id"] or not match["signature"]:
        raise errors.single(
            "IncompleteSignature",
            "The Authorization header needs Credential, SignedHeaders and Signature.",
        )
    return Authorization(match["id"], match["headers"], match["signature"])


def string_to_sign(request: WireRequest, authorization: Authorization) -> str:
    names = [name for name in authorization.signed_headers.split(";") if name]
    headers = "".join(f"{name}:{request.header(name.lower())}\n" for name in names)
    canonical = "\n".join(
        [
            request.method,
            "/",
            canonical_query(request.query),
            headers,
            authorization.signed_headers,
            request.header("x-acs-content-sha256"),
        ]
    )
    return f"{SCHEME}\n{hashlib.sha256(canonical.encode()).hexdigest()}"


def check_body(request: WireRequest) -> None:
    """The hash is part of what was signed: a body that was exchanged must not pass. Raises: ApiError."""
    announced = request.header("x-acs-content-sha256")
    if not announced:
        raise errors.single("IncompleteSignature", "The header x-acs-content-sha256 is missing.")
    if not hmac.compare_digest(hashlib.sha256(request.body).hexdigest(), announced.lower()):
        text = "The body does not have the hash that x-acs-content-sha256 says; server string to sign is:not computed"
        raise errors.single("SignatureDoesNotMatch", text)


def check_signed_headers(request: WireRequest, authorization: Authorization) -> None:
    """What decides about the call must be under its signature, or another could change it. Raises: ApiError."""
    covered = set(authorization.signed_headers.lower().split(";"))
    uncovered = [name for name in _DECIDING if request.header(name) and name not in covered]
    if uncovered:
        text = f"SignedHeaders must have {', '.join(uncovered)}, as the request has them."
        raise errors.single("IncompleteSignature", text)


def signature(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
