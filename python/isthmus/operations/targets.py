"""What a VPC access may name: the address policy, and targets in the light of their network.

Called by `networks.py` and `vpc_access.py` when something is authorised; engine and connector apply the same policy
again at every connection. Pure. Invariant: an address is accepted in its one canonical spelling only, so that no other
spelling of a refused address gets through.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from isthmus.errors import Problem
from isthmus.store.networks import Network

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Where clouds keep what only a machine itself may read, credentials above all.
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in ("169.254.169.254", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "192.0.0.192")
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_CLASS_E = ipaddress.IPv4Network("240.0.0.0/4")
_THIS_NETWORK = ipaddress.IPv4Network("0.0.0.0/8")
_HOST_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
# Resolvers of some systems read such a last label as a number, so the name would be an address in disguise.
_NUMBER_LABEL = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
# The length of a Unix socket's path, without the final zero.
_SOCKET_PATH = 107


def read_address(text: str) -> _Address | None:
    """The address when it is one in its canonical spelling, else None."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return address if str(address) == text.lower() and "%" not in text else None


def address_refusal(address: _Address, loopback_is_allowed: bool) -> str | None:
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
    return None


def target_problems(network: Network, target: str, loopback_is_allowed: bool) -> list[Problem]:
    """What is wrong with an access's target (`InstanceId`) in this network."""
    if target in network.instances:
        return []
    address = read_address(target)
    if address is not None:
        return _address_problems("InstanceId", address, network.cidrs, loopback_is_allowed)
    if network.attachment["mode"] == "host":
        return _host_name_problems(target, loopback_is_allowed)
    known = f"known instances are {', '.join(sorted(network.instances))[:400]}" if network.instances else "it has none"
    text = (
        f"{target[:60]!r} is neither an IP address nor an instance of the network {network.network_id} ({known}). "
        "Name an address, or add the instance with ModifyNetwork."
    )
    return [Problem("InstanceId", text)]


def network_problems(network: Network, loopback_is_allowed: bool) -> list[Problem]:
    """Everything wrong with a network's fields."""
    problems = _attachment_problems(network.attachment)
    well_formed = []
    for cidr in network.cidrs:
        if _read_cidr(cidr) is None:
            problems.append(Problem("Cidrs", f"{cidr[:60]!r} is not a network such as 10.0.0.0/24."))
        else:
            well_formed.append(cidr)
    for instance, text in network.instances.items():
        problems += _instance_problems(instance, text, well_formed, loopback_is_allowed)
    for text in network.egress_addresses:
        if read_address(text) is None:
            problems.append(Problem("EgressAddresses", f"{text[:60]!r} is not an IP address."))
    return problems


def overlapping_cidr(first: Network, second: Network) -> str | None:
    """An address range of the first network that the second has too."""
    others = [_read_cidr(text) for text in second.cidrs]
    for text in first.cidrs:
        cidr = _read_cidr(text)
        for other in others:
            if cidr is not None and other is not None and cidr.version == other.version and cidr.overlaps(other):
                return text
    return None


def _inner(address: _Address) -> _Address:
    """The IPv4 address that a mapped or translated IPv6 address leads to."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _read_cidr(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def _address_problems(parameter: str, address: _Address, cidrs: list[str], loopback_is_allowed: bool) -> list[Problem]:
    refusal = address_refusal(address, loopback_is_allowed)
    if refusal is not None:
        return [Problem(parameter, f"{address} {refusal}; the gateway does not connect to it.")]
    networks = [network for network in map(_read_cidr, cidrs) if network is not None]
    inside = [network for network in networks if network.version == address.version and address in network]
    if networks and not inside:
        return [Problem(parameter, f"{address} is outside the network's ranges ({', '.join(cidrs)[:200]}).")]
    for network in inside:
        has_edges = address.version == 4 and network.prefixlen < 31
        if has_edges and address in (network.network_address, network.broadcast_address):
            return [Problem(parameter, f"{address} is the network or broadcast address of {network}.")]
    return []


def _host_name_problems(target: str, loopback_is_allowed: bool) -> list[Problem]:
    name = target.removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(_HOST_LABEL.fullmatch(label) for label in labels):
        return [Problem("InstanceId", f"{target[:60]!r} is no IP address, instance id or host name.")]
    if _NUMBER_LABEL.fullmatch(labels[-1]):
        text = f"{target[:60]!r} is an address in another spelling; write it as 10.0.0.11."
        return [Problem("InstanceId", text)]
    if labels[-1].lower() == "localhost" and not loopback_is_allowed:
        return [Problem("InstanceId", "localhost is this machine, and the setting loopback_backends is off.")]
    return []


def _attachment_problems(attachment: Any) -> list[Problem]:
    forms = 'write {"mode":"host"} or {"mode":"connector","socket":"/run/isthmus/vpc-a.sock"}.'
    if not isinstance(attachment, dict):
        return [Problem("Attachment", f"must be a JSON object: {forms}")]
    if attachment == {"mode": "host"}:
        return []
    if attachment.get("mode") != "connector" or set(attachment) != {"mode", "socket"}:
        return [Problem("Attachment", f"is of no known form: {forms}")]
    socket = attachment["socket"]
    if not isinstance(socket, str) or not socket.startswith("/") or not socket.isprintable():
        return [Problem("Attachment.socket", "must be the absolute path of the connector's socket.")]
    if len(socket.encode()) > _SOCKET_PATH:
        return [Problem("Attachment.socket", f"is longer than {_SOCKET_PATH} bytes, the limit of socket paths.")]
    return []


def _instance_problems(instance: str, text: Any, cidrs: list[str], loopback_is_allowed: bool) -> list[Problem]:
    if not 1 <= len(instance) <= 255 or not instance.isprintable():
        return [Problem("Instances", f"{instance[:60]!r} is no instance id: 1 to 255 visible characters.")]
    address = read_address(text) if isinstance(text, str) else None
    if address is None:
        return [Problem(f"Instances.{instance[:60]}", f"{str(text)[:60]!r} is not an IP address.")]
    return _address_problems(f"Instances.{instance[:60]}", address, cidrs, loopback_is_allowed)
