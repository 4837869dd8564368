"""What the laboratory consists of, in every mode."""

from __future__ import annotations

NETWORKS = ("vpc-a", "vpc-b")
CIDR = "10.0.0.0/24"
INSTANCES = {"ecs1": "10.0.0.11", "ecs2": "10.0.0.12"}
EGRESS = ("10.0.0.250", "10.0.0.251")
ROUTER = "10.0.0.1"
METADATA = "169.254.169.254"
WEB_PORT, OTHER_PORT = 80, 8080
# Chosen by name on the same instance and port.
VIRTUAL_HOST = "shop.internal"
# Connections time out after this long, so that a blocked one is seen soon.
CONNECT_MS = 900

# Without namespaces: 10.0.0.x of a network becomes 127.<net>.0.x, and ports move by this much.
LOOPBACK_NETS = {"vpc-a": 101, "vpc-b": 102}
LOOPBACK_PORT_OFFSET = 18000


def instance_id(network: str, instance: str) -> str:
    """For example `i-a-ecs1`."""
    return f"i-{network.removeprefix('vpc-')}-{instance}"


def loopback(network: str, address: str) -> str:
    """Where an address of a network is without namespaces."""
    return f"127.{LOOPBACK_NETS[network]}.0.{address.rsplit('.', 1)[1]}"


def page(network: str, instance: str) -> str:
    return f"hello from {network} {instance} {INSTANCES[instance]}"
