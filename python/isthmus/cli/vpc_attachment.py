"""The short forms in which a person writes how a network is attached, and their JSON. Pure; used by `vpc.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import click

FORMS = "host, connector (through the hub), connector:/path/of.sock, socks5://user@bastion:1080 or http-connect://user@bastion:3128"
_BASTIONS = {"socks5": ("socks5", 1080), "http-connect": ("http_connect", 3128)}


def attachment(text: str, source: str | None, device: str | None, password: str | None) -> dict[str, Any]:
    """Raises: click.UsageError."""
    scheme, _, rest = text.partition(":")
    if scheme in _BASTIONS:
        found = _bastion(text, password)
    elif password is not None:
        raise click.UsageError("A password belongs to socks5:// or http-connect://.")
    elif scheme == "connector" and rest:
        found = {"mode": "connector", "socket": rest}
    elif text in ("host", "connector"):
        found = {"mode": text}
    else:
        raise click.UsageError(f"--attach {text!r} is of no known form: write {FORMS}.")
    extra = {name: value for name, value in (("source", source), ("device", device)) if value is not None}
    if extra and found["mode"] != "host":
        raise click.UsageError(f"--{next(iter(extra))} belongs to --attach host.")
    return {**found, **extra}


def instances(pairs: Iterable[str]) -> Mapping[str, str]:
    """From `i-1=10.0.0.11`. Raises: click.UsageError."""
    found = {}
    for pair in pairs:
        name, separator, address = pair.partition("=")
        if not separator or not name or not address:
            raise click.UsageError(f"--instance {pair!r}: write id=address, for example i-web=10.0.0.11.")
        found[name] = address
    return found


def _bastion(text: str, password: str | None) -> dict[str, Any]:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.path.strip("/") or parts.query or parts.fragment:
        raise click.UsageError(f"--attach {text!r}: write socks5://user@bastion:1080.")
    if parts.password is not None:
        raise click.UsageError(
            "A password in --attach would be seen by others: use --password-file, - for standard input."
        )
    mode, usual_port = _BASTIONS[parts.scheme]
    found: dict[str, Any] = {"mode": mode, "host": host, "port": port or usual_port}
    if parts.username:
        found["user"] = unquote(parts.username)
    if password is not None:
        found["password"] = password
    return found
