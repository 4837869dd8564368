"""The gateway's egress addresses as rules that admit them: for people, a packet filter, and two clouds' security groups.

Pure; used by `instance.py`. Invariant: a rule admits exactly these addresses to exactly these ports, and nothing when
either is not known.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Admission:
    """Whom the backends of a network have to admit, and where."""

    network_id: str
    addresses: Sequence[str]
    ports: Sequence[int]

    def of_version(self, version: int) -> list[str]:
        return [one for one in self.addresses if ipaddress.ip_address(one).version == version]


def plain(admissions: Sequence[Admission]) -> str:
    """A line for each address."""
    return "\n".join(f"{one.network_id} {address}" for one in admissions for address in one.addresses)


def nftables(admissions: Sequence[Admission]) -> str:
    lines = []
    for one in admissions:
        for version, family in ((4, "ip"), (6, "ip6")):
            addresses, ports = ", ".join(one.of_version(version)), ", ".join(map(str, one.ports))
            if addresses and ports:
                rule = f"add rule inet filter input {family} saddr {{ {addresses} }} tcp dport {{ {ports} }} accept"
                lines.append(f'{rule} comment "isthmus {one.network_id}"')
    return "\n".join(lines)


def aws(admissions: Sequence[Admission]) -> str:
    """For `aws ec2 authorize-security-group-ingress --group-id sg-… --ip-permissions`."""
    permissions = []
    for one in admissions:
        for port in one.ports if one.addresses else ():
            described = {"Description": f"isthmus {one.network_id}"}
            four = [{"CidrIp": f"{address}/32", **described} for address in one.of_version(4)]
            six = [{"CidrIpv6": f"{address}/128", **described} for address in one.of_version(6)]
            ranges = {name: found for name, found in (("IpRanges", four), ("Ipv6Ranges", six)) if found}
            permissions.append({"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **ranges})
    return json.dumps(permissions, indent=2)


def aliyun(admissions: Sequence[Admission]) -> str:
    """For `aliyun ecs AuthorizeSecurityGroup --SecurityGroupId sg-… --Permissions`."""
    permissions = []
    for one in admissions:
        for address in one.addresses:
            is_four = ipaddress.ip_address(address).version == 4
            source = {"SourceCidrIp": f"{address}/32"} if is_four else {"Ipv6SourceCidrIp": f"{address}/128"}
            for port in one.ports:
                rule = {"IpProtocol": "TCP", "PortRange": f"{port}/{port}", "Policy": "accept"}
                permissions.append({**rule, **source, "Description": f"isthmus {one.network_id}"})
    return json.dumps(permissions, indent=2)


FORMATS: dict[str, Callable[[Sequence[Admission]], str]] = {
    "plain": plain,
    "nftables": nftables,
    "aws-sg": aws,
    "aliyun-sg": aliyun,
}
