"""What a network may be, and what a VPC access may name in it.

Called by `networks.py`, `network_instances.py` and `vpc_access.py`, calls the address policy (`addresses.py`) and
`attachments.py`. Pure. Invariant: nothing is authorised that the engine would refuse to connect to.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from isthmus.errors import Problem
from isthmus.operations.addresses import Address, address_refusal, read_address, read_cidr
from isthmus.operations.attachments import CONNECTORS, attachment_problems, is_host, lacks_ranges
from isthmus.store.networks import Network

_HOST_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
# Resolvers of some systems read such a last label as a number, so the name would be an address in disguise.
_NUMBER_LABEL = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


def target_problems(network: Network, target: str, loopback_is_allowed: bool) -> list[Problem]:
    """What is wrong with an access's target (`InstanceId`) in this network."""
    instances = network.known_instances
    if target in instances:
        return []
    address = read_address(target)
    if address is not None:
        return _address_problems("InstanceId", address, network, loopback_is_allowed)
    if is_host(network.attachment):
        return _host_name_problems(target, loopback_is_allowed)
    known = f"known instances are {', '.join(sorted(instances))[:400]}" if instances else "it has none"
    text = (
        f"{target[:60]!r} is neither an IP address nor an instance of the network {network.network_id} ({known}). "
        "Name an address, or add the instance with ModifyNetwork."
    )
    return [Problem("InstanceId", text)]


def network_problems(network: Network, loopback_is_allowed: bool) -> list[Problem]:
    """Everything wrong with a network's fields."""
    problems = attachment_problems(network.attachment)
    if not problems and not network.cidrs and lacks_ranges(network.attachment):
        problems.append(Problem("Cidrs", "are needed with wireguard: the ranges behind the other end."))
    for cidr in network.cidrs:
        if read_cidr(cidr) is None:
            problems.append(Problem("Cidrs", f"{cidr[:60]!r} is not a network such as 10.0.0.0/24."))
    well_formed = replace(network, cidrs=[cidr for cidr in network.cidrs if read_cidr(cidr) is not None])
    problems += instances_problems(well_formed, network.instances, loopback_is_allowed)
    for name, texts in (
        ("EgressAddresses", network.egress_addresses),
        ("SpecialAddresses", network.special_addresses),
    ):
        problems += [Problem(name, f"{text[:60]!r} is not an IP address.") for text in texts if not read_address(text)]
    if network.special_addresses and not problems and network.attachment["mode"] in CONNECTORS:
        text = "cannot be used through a connector: it keeps its own policy, which has no exceptions."
        problems.append(Problem("SpecialAddresses", text))
    return problems


def instances_problems(network: Network, instances: dict[str, str], loopback_is_allowed: bool) -> list[Problem]:
    """Everything wrong with instances that are to be known in this network."""
    problems = []
    by_address: dict[str, str] = {}
    for instance, text in instances.items():
        problems += _instance_problems(instance, text, network, loopback_is_allowed)
        if isinstance(text, str):
            other = by_address.setdefault(text, instance)
            if other != instance:
                name = f"Instances.{instance[:60]}"
                problems.append(Problem(name, f"has the address of {other[:60]}; an address is one instance's."))
    return problems


def _address_problems(parameter: str, address: Address, network: Network, loopback_is_allowed: bool) -> list[Problem]:
    if str(address) in network.special_addresses:
        return []
    refusal = address_refusal(address, loopback_is_allowed)
    if refusal is not None:
        return [Problem(parameter, f"{address} {refusal}; the gateway does not connect to it.")]
    ranges = [cidr for cidr in map(read_cidr, network.cidrs) if cidr is not None]
    inside = [cidr for cidr in ranges if cidr.version == address.version and address in cidr]
    if ranges and not inside:
        return [Problem(parameter, f"{address} is outside the network's ranges ({', '.join(network.cidrs)[:200]}).")]
    for cidr in inside:
        has_edges = address.version == 4 and cidr.prefixlen < 31
        if has_edges and address in (cidr.network_address, cidr.broadcast_address):
            return [Problem(parameter, f"{address} is the network or broadcast address of {cidr}.")]
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


def _instance_problems(instance: str, text: Any, network: Network, loopback_is_allowed: bool) -> list[Problem]:
    if not 1 <= len(instance) <= 255 or not instance.isprintable():
        return [Problem("Instances", f"{instance[:60]!r} is no instance id: 1 to 255 visible characters.")]
    address = read_address(text) if isinstance(text, str) else None
    if address is None:
        return [Problem(f"Instances.{instance[:60]}", f"{str(text)[:60]!r} is not an IP address.")]
    return _address_problems(f"Instances.{instance[:60]}", address, network, loopback_is_allowed)
