"""How the other end of a tunnel is described: its public key, where it listens, and what lies behind it.

Used by the operations on networks, which refuse what is wrong, and by the command that makes the tunnel. Pure.
Invariant: a description without problems can be given to the WireGuard program as it is.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NEEDED = frozenset({"peer_key", "endpoint", "addresses"})
MORE = frozenset({"allowed_ips", "keepalive"})
KEY_BYTES = 32
# What a way through NAT needs to stay open.
KEEPALIVE_SECONDS = 25
_ENTRIES = 64
_KEEPALIVE_LIMIT = 65535

Addresses = list[ipaddress.IPv4Interface | ipaddress.IPv6Interface]
Ranges = list[ipaddress.IPv4Network | ipaddress.IPv6Network]


@dataclass(frozen=True)
class Peer:
    """The other end, and the addresses of this one."""

    key: bytes
    host: str
    port: int
    addresses: Addresses
    # What may be sent into the tunnel and come out of it.
    allowed: Ranges
    keepalive: int


def problems(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each field that is wrong, and what to write."""
    found = []
    if read_key(given.get("peer_key")) is None:
        found.append(("peer_key", "must be the other end's public key: 32 bytes as Base64, 44 characters."))
    if _endpoint(given.get("endpoint")) is None:
        found.append(("endpoint", "must be where the other end listens, for example 198.51.100.7:51820."))
    if not _read_all(given.get("addresses"), ipaddress.ip_interface):
        text = 'must be a list of the addresses that this end has in the tunnel, for example ["10.9.0.2/24"].'
        found.append(("addresses", text))
    if "allowed_ips" in given and not _read_all(given["allowed_ips"], ipaddress.ip_network):
        found.append(("allowed_ips", 'must be a list of ranges behind the other end, for example ["10.0.0.0/24"].'))
    keepalive = given.get("keepalive", KEEPALIVE_SECONDS)
    if isinstance(keepalive, bool) or not isinstance(keepalive, int) or not 0 <= keepalive <= _KEEPALIVE_LIMIT:
        found.append(("keepalive", f"must be seconds from 0 (never) to {_KEEPALIVE_LIMIT}."))
    return found


def read(given: Mapping[str, Any]) -> Peer:
    """Raises: ValueError, with the first field that is wrong."""
    unknown = set(given) - NEEDED - MORE
    if unknown:
        raise ValueError(f"wireguard: it has no field {sorted(unknown)[0]!r}")
    for name, text in problems(given):
        raise ValueError(f"wireguard.{name} {text}")
    key, endpoint = read_key(given["peer_key"]), _endpoint(given["endpoint"])
    allowed = _read_all(given.get("allowed_ips"), ipaddress.ip_network)
    if key is None or endpoint is None or not allowed:
        raise ValueError("wireguard.allowed_ips is missing: the ranges behind the other end")
    addresses = _read_all(given["addresses"], ipaddress.ip_interface)
    return Peer(key, *endpoint, addresses, allowed, given.get("keepalive", KEEPALIVE_SECONDS))


def read_key(text: Any) -> bytes | None:
    """None: it is none."""
    if not isinstance(text, str) or not text.isascii():
        return None
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return key if len(key) == KEY_BYTES else None


def _endpoint(text: Any) -> tuple[str, int] | None:
    """Host and port. A host name is looked up when the tunnel is made."""
    if not isinstance(text, str) or not text.isascii() or not text.isprintable():
        return None
    host, separator, port = text.rpartition(":")
    is_bracketed = host.startswith("[") and host.endswith("]")
    host = host[1:-1] if is_bracketed else host
    if not separator or not 1 <= len(host) <= 253 or any(mark in host for mark in " /@[]%"):
        return None
    if is_bracketed != (":" in host) or not port.isdigit() or not 1 <= len(port) <= 5:
        return None
    return (host, int(port)) if 1 <= int(port) <= 65535 else None


def _read_all(texts: Any, read_one: Any) -> list[Any]:
    """Empty: it is no list of such texts."""
    if not isinstance(texts, list) or not 1 <= len(texts) <= _ENTRIES:
        return []
    # A number would be read as an address, too.
    if not all(isinstance(text, str) and "%" not in text for text in texts):
        return []
    try:
        return [read_one(text) for text in texts]
    except ValueError:
        return []
