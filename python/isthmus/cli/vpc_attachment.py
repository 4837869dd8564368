"""The short forms in which a person writes how a network is attached, and their JSON. Pure; used by `vpc.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import click

FORMS = (
    "host, connector (through the hub), connector:/path/of.sock, wireguard:/path/of.sock, socks5://user@bastion:1080 "
    "or http-connect://user@bastion:3128"
)
# The mode that each further option belongs to.
_OPTIONS = {
    "source": ("host", "--source"),
    "device": ("host", "--device"),
    "peer_key": ("wireguard", "--peer-key"),
    "endpoint": ("wireguard", "--endpoint"),
    "addresses": ("wireguard", "--address"),
}
_BASTIONS = {"socks5": ("socks5", 1080), "http-connect": ("http_connect", 3128)}


def attachment(text: str, parts: Mapping[str, Any], password: str | None) -> dict[str, Any]:
    """`parts`: what further options say, None where they were not given. Raises: click.UsageError."""
    scheme, _, rest = text.partition(":")
    if scheme in _BASTIONS:
        found = _bastion(text, password)
    elif password is not None:
        raise click.UsageError("A password belongs to socks5:// or http-connect://.")
    elif scheme in ("connector", "wireguard") and rest:
        found = {"mode": scheme, "socket": rest}
    elif text in ("host", "connector"):
        found = {"mode": text}
    else:
        raise click.UsageError(f"--attach {text!r} is of no known form: write {FORMS}.")
    extra = {name: list(value) if isinstance(value, tuple) else value for name, value in parts.items() if value}
    for name in extra:
        mode, option = _OPTIONS[name]
        if found["mode"] != mode:
            raise click.UsageError(f"{option} belongs to --attach {mode}.")
    if found["mode"] == "wireguard":
        missing = [option for name, (mode, option) in _OPTIONS.items() if mode == "wireguard" and name not in extra]
        if missing:
            raise click.UsageError(f"--attach wireguard needs {', '.join(missing)}, too.")
    return {**found, **extra}


def tunnel_part(attached: Mapping[str, Any], cidrs: Sequence[str]) -> dict[str, Any]:
    """What the command that makes a tunnel is told of it."""
    part = {name: value for name, value in attached.items() if name not in ("mode", "socket")}
    return {"allowed_ips": list(cidrs), **part}


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
