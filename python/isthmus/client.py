"""A client of the management API: signs calls (ACS3) and sends them. Used by the command line.

Endpoint and key come from the caller, from `ISTHMUS_ENDPOINT`, `ISTHMUS_ACCESS_KEY_ID` and
`ISTHMUS_ACCESS_KEY_SECRET`, or from the state directory of a gateway that runs on this machine.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from isthmus import __version__
from isthmus.processes import state
from isthmus.wire import acs3
from isthmus.wire.request import WireRequest

_TIMEOUT_SECONDS = 60
# Definitions and documents would make a request line too long for some proxies: what is long goes into the body.
_LONG = 2000


class ClientError(Exception):
    """The call could not be made, or was refused; the text is for a person."""

    def __init__(self, text: str, code: str = "", request_id: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.request_id = request_id


@dataclass(frozen=True)
class Endpoint:
    url: str
    access_key_id: str
    access_key_secret: str = field(repr=False)


def find_endpoint(environment: Mapping[str, str], state_dir: Path) -> Endpoint:
    """Raises: ClientError saying what to set."""
    running = state.read_json(state.ready_path(state_dir, "up")) or {}
    key = state.read_json(state.administrator_path(state_dir)) or {}
    url = environment.get("ISTHMUS_ENDPOINT") or running.get("management")
    access_key_id = environment.get("ISTHMUS_ACCESS_KEY_ID") or key.get("access_key_id")
    secret = environment.get("ISTHMUS_ACCESS_KEY_SECRET") or key.get("access_key_secret")
    if not url:
        text = f"No gateway runs with the state directory {state_dir}: start one (isthmus up) or set ISTHMUS_ENDPOINT."
        raise ClientError(text)
    if not access_key_id or not secret:
        raise ClientError("There is no access key: set ISTHMUS_ACCESS_KEY_ID and ISTHMUS_ACCESS_KEY_SECRET.")
    if not (access_key_id.isascii() and access_key_id.isalnum()):
        # It goes into a header as it is.
        raise ClientError("ISTHMUS_ACCESS_KEY_ID is no access key id: letters and digits only.")
    return Endpoint(_checked_url(url), access_key_id, secret)


def _checked_url(text: str) -> str:
    """Scheme, host and port, as everything below expects them. Raises: ClientError."""
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or not host.isascii() or parts.scheme not in ("http", "https") or parts.path.strip("/"):
        raise ClientError(f"ISTHMUS_ENDPOINT is {text!r}, which is no address: write http://127.0.0.1:7080.")
    return f"{parts.scheme}://{parts.netloc}"


def uses_proxies(host: str) -> bool:
    """Whether the proxies of the environment may carry a call to this host: never one that stays on this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


def call(endpoint: Endpoint, action: str, version: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Raises: ClientError with the gateway's code, message and request id."""
    query = {name: value for name, value in parameters.items() if len(value) <= _LONG}
    form = {name: value for name, value in parameters.items() if len(value) > _LONG}
    body = urlencode(form).encode()
    headers = _headers(endpoint, action, version, body)
    request = WireRequest("POST", list(query.items()), list(form.items()), headers, body)
    names = ";".join(sorted(headers))
    unsigned = acs3.Authorization(endpoint.access_key_id, names, "")
    signature = acs3.signature(endpoint.access_key_secret, acs3.string_to_sign(request, unsigned))
    headers["authorization"] = (
        f"{acs3.SCHEME} Credential={endpoint.access_key_id},SignedHeaders={names},Signature={signature}"
    )
    # Not signed: it only says in the audit trail what was used.
    headers["user-agent"] = f"isthmus/{__version__}"
    proxies = uses_proxies(urlsplit(endpoint.url).hostname or "")
    try:
        with httpx.Client(trust_env=proxies, timeout=_TIMEOUT_SECONDS) as client:
            answer = client.post(f"{endpoint.url}/", params=query, content=body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        text = (
            f"The gateway at {endpoint.url} does not answer: {error or type(error).__name__}. "
            "Start it (isthmus up), or set ISTHMUS_ENDPOINT to the one that runs."
        )
        raise ClientError(text) from error
    return _read(answer)


def _headers(endpoint: Endpoint, action: str, version: str, body: bytes) -> dict[str, str]:
    headers = {
        "host": urlsplit(endpoint.url).netloc,
        "x-acs-action": action,
        "x-acs-version": version,
        "x-acs-date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": secrets.token_hex(16),
        "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
    }
    if body:
        headers["content-type"] = "application/x-www-form-urlencoded"
    return headers


def _read(answer: httpx.Response) -> dict[str, Any]:
    try:
        content = answer.json()
    except ValueError as error:
        raise ClientError(f"The answer ({answer.status_code}) is not JSON; is this an Isthmus gateway?") from error
    if not isinstance(content, dict):
        raise ClientError(f"The answer ({answer.status_code}) is not a JSON object; is this an Isthmus gateway?")
    if answer.status_code >= 400:
        raise ClientError(str(content.get("Message")), str(content.get("Code")), str(content.get("RequestId")))
    return content
