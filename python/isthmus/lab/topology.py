"""What is in the lab: names and addresses, nothing that runs.

All VPCs use the same addresses on purpose: whoever reaches 10.0.0.11 has to have said in which network. Two have an entry
point (ENI) for a connector of this machine; vpc-c has none, only a machine in it that can dial out (namespaces only);
vpc-d has an edge that speaks WireGuard (root and a WireGuard program only).
"""

from __future__ import annotations

from dataclasses import dataclass

CIDR = "10.0.0.0/24"
PREFIX_LENGTH = 24
GATEWAY = "10.0.0.1"
METADATA = "169.254.169.254"
EGRESS = ("10.0.0.250", "10.0.0.251")
# The machine in vpc-c that a remote connector runs on, and its link to the outside: the lab's end stands for the Internet.
AGENT = "10.0.0.20"
OUTSIDE, AGENT_OUTSIDE, OUTSIDE_PREFIX_LENGTH = "198.18.77.1", "198.18.77.2", 30
# The same over a link that is long and loses packets (`slow_link.py`).
FAR_OUTSIDE, AGENT_FAR_OUTSIDE = "198.18.78.1", "198.18.78.2"
HUB_PORT = 7443
# The edge of vpc-d, at which a WireGuard tunnel from the outside ends, and the addresses in the tunnel.
EDGE = "10.0.0.30"
TUNNEL_OUTSIDE, EDGE_OUTSIDE = "198.18.79.1", "198.18.79.2"
TUNNEL_PORT = 51820
TUNNEL_CIDR, TUNNEL_EDGE, TUNNEL_EGRESS = "10.9.0.0/24", "10.9.0.1/24", "10.9.0.2"
# Servers listen on both; the lists of the connectors name the first alone.
WEB_PORT, OTHER_PORT = 80, 8080
PORTS = (WEB_PORT, OTHER_PORT)
INSTANCES = {"ecs1": "10.0.0.11", "ecs2": "10.0.0.12"}
VIRTUAL_HOST = "shop.internal"


@dataclass(frozen=True)
class Instance:
    """A machine with a web server."""

    name: str
    address: str


@dataclass(frozen=True)
class Vpc:
    """A private network. `loopback_net` is its place in 127.0.0.0/8 when there are no namespaces."""

    name: str
    loopback_net: int
    is_remote: bool = False
    is_behind_tunnel: bool = False
    instances: tuple[Instance, ...] = tuple(Instance(name, address) for name, address in INSTANCES.items())

    @property
    def places(self) -> tuple[str, ...]:
        """Names of its network namespaces."""
        return ("switch", self.entry, *(instance.name for instance in self.instances))

    @property
    def entry(self) -> str:
        """Where connections into the network start."""
        if self.is_behind_tunnel:
            return "edge"
        return "agent" if self.is_remote else "eni"

    @property
    def entry_addresses(self) -> tuple[str, ...]:
        """Its own there: those that backends see, unless a tunnel brings others."""
        if self.is_behind_tunnel:
            return (EDGE,)
        return (AGENT,) if self.is_remote else EGRESS


VPC_NAMES = ("vpc-a", "vpc-b")
REMOTE_NAME = "vpc-c"
TUNNEL_NAME = "vpc-d"


def vpcs(first_loopback_net: int = 101) -> tuple[Vpc, ...]:
    """The networks of a lab that a connector of this machine reaches."""
    return tuple(Vpc(name, first_loopback_net + offset) for offset, name in enumerate(VPC_NAMES))


def remote_vpc() -> Vpc:
    """The network that only a remote connector reaches; a lab without namespaces has none."""
    return Vpc(REMOTE_NAME, 0, is_remote=True)


def tunnel_vpc() -> Vpc:
    """The network whose edge speaks WireGuard."""
    return Vpc(TUNNEL_NAME, 0, is_behind_tunnel=True)


def instance_id(vpc: str, instance: str) -> str:
    """For example `i-a-ecs1`."""
    return f"i-{vpc.removeprefix('vpc-')}-{instance}"


def page(vpc: str, instance: str) -> str:
    """The first words of an instance's page, which say where it is."""
    return f"hello from {vpc} {instance} {INSTANCES[instance]}"


def shop_page(vpc: str, instance: str) -> str:
    """The first words of the page of `VIRTUAL_HOST`."""
    return f"shop of {vpc} {instance}"


def initially_allowed(vpc: Vpc) -> list[str]:
    """What a connector's list names at the start."""
    return [f"{instance.address}:{WEB_PORT}" for instance in vpc.instances]
