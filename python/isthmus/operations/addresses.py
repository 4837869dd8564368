"""The address policy: how an address is written, and which addresses the gateway never connects to.

Called by `targets.py` and `attachments.py` when something is authorised; engine and connector apply the same policy
again at every connection (crates/connector/src/address.rs). Pure. Invariant: an address is accepted in its one canonical
spelling only, so that no other spelling of a refused address gets through.
"""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Where clouds keep what only a machine itself may read, credentials above all.
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd00:42::42",
        "fd20:ce::254",
    )
)
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_TRANSLATED = ipaddress.IPv6Network("::ffff:0:0:0/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_CLASS_E = ipaddress.IPv4Network("240.0.0.0/4")
_THIS_NETWORK = ipaddress.IPv4Network("0.0.0.0/8")


def read_address(text: str) -> Address | None:
    """The address when it is one in its canonical spelling, else None."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return address if str(address) == text.lower() and "%" not in text else None


def read_cidr(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def address_refusal(address: Address, loopback_is_allowed: bool) -> str | None:
    """Why the gateway never connects to this address, or None."""
    inner = _inner(address)
    if inner in _METADATA:
        return "is a cloud's metadata service"
    if inner.is_unspecified or inner in _THIS_NETWORK:
        return "is the unspecified network"
    if inner.is_loopback:
        return None if loopback_is_allowed else "is a loopback address, and the setting loopback_backends is off"
    if inner.is_link_local:
        return "is link-local"
    if inner.is_multicast:
        return "is a multicast address"
    if inner in _CLASS_E:
        return "is reserved (240.0.0.0/4)"
    if inner in _COMPATIBLE:
        return "is an IPv4-compatible address, which no network uses any more"
    return None


def _inner(address: Address) -> Address:
    """The IPv4 address that a mapped, translated or tunnelled IPv6 address leads to."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in _TRANSLATED or any(address in network for network in _NAT64):
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
