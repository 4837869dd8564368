"""One management call as it arrived: parameters of query and form, headers, raw body.

Called by `app.py`; raises `ApiError` for what cannot be read. Blank values are kept, because they are signed. Query and
form are merged for the operation (the form wins), and kept apart for the signature.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from starlette.requests import Request

from isthmus import errors

# The largest definition has a few hundred parameters; this bounds what a hostile request costs.
MAX_PARAMETERS = 5000
_FORM = "application/x-www-form-urlencoded"
# `unquote_to_bytes` would leave these as they are.
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True)
class WireRequest:
    """`query` and `form` in the order they came; `headers` by lower-case name, as received."""

    method: str
    query: list[tuple[str, str]]
    form: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes

    @property
    def parameters(self) -> dict[str, str]:
        """Query and form together; where both have a name the form's value counts."""
        return {**dict(self.query), **dict(self.form)}

    def parameter(self, name: str) -> str:
        return self.parameters.get(name, "")

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    @property
    def is_signed_by_header(self) -> bool:
        """ACS3 signs headers; the RPC schemes sign parameters only, so their headers say nothing reliable."""
        return self.header("authorization").startswith("ACS3-")


async def read_request(request: Request, body_limit: int) -> WireRequest:
    """Reads at most `body_limit` bytes. Raises: ApiError for what is too large or not percent-encoded UTF-8."""
    if request.method not in ("GET", "POST"):
        raise errors.single(
            "UnsupportedHTTPMethod",
            f"The method {request.method} is not supported: use GET or POST.",
        )
    body = await _read_body(request, body_limit)
    headers = {name.decode("latin-1"): _header_text(value) for name, value in request.scope["headers"]}
    query = _pairs(request.scope["query_string"], "query")
    is_form = headers.get("content-type", "").split(";")[0].strip().lower() == _FORM
    form = _pairs(body, "form body") if is_form else []
    if len(query) + len(form) > MAX_PARAMETERS:
        raise errors.single(
            "ExceedLimitParameters",
            f"The request has more than {MAX_PARAMETERS} parameters.",
        )
    return WireRequest(request.method, query, form, headers, body)


def _header_text(value: bytes) -> str:
    """As its sender signed it: Go sends a header's UTF-8, Python's http.client its Latin-1."""
    try:
        return value.decode("utf-8").strip()
    except UnicodeDecodeError:
        return value.decode("latin-1").strip()


async def _read_body(request: Request, limit: int) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
    return b"".join(parts)


def _too_large(limit: int) -> errors.ApiError:
    return errors.single("RequestBodyTooLarge", f"The request body is larger than {limit} bytes.")


def _pairs(text: bytes, where: str) -> list[tuple[str, str]]:
    if text.count(b"&") > MAX_PARAMETERS:
        raise errors.single(
            "ExceedLimitParameters",
            f"The {where} has more than {MAX_PARAMETERS} parameters.",
        )
    pairs = {}
    for part in text.split(b"&"):
        sent, _, value = part.partition(b"=")
        if not part:
            continue
        name = _decode(sent, where)
        if name in pairs:
            # Which one counts would differ between us and whatever looked at the call before.
            raise errors.single("InvalidParameter.Duplicate", f"The {where} has the parameter {name[:80]} twice.")
        pairs[name] = _decode(value, where)
    return list(pairs.items())


def _decode(text: bytes, where: str) -> str:
    try:
        if _BROKEN_ESCAPE.search(text):
            raise errors.single("InvalidParameter.Encoding", f"The {where} has a % without two hex digits: send %25.")
        return unquote_to_bytes(text.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise errors.single("InvalidParameter.Encoding", f"The {where} is not percent-encoded UTF-8.") from error
