"""The networks as network namespaces: per VPC a switch, two instances, and the interface of the gateway's connector.

Used by the keeper, as root or inside a user namespace. Every name starts with the laboratory's prefix, so that what a
killed one left behind can be found and removed.
"""

from __future__ import annotations

from isthmus.lab import topology
from isthmus.lab.commands import run

_GROUP = """
table inet group {
    set admitted { type ipv4_addr . inet_service; }
    counter blocked { }
    chain input {
        type filter hook input priority 0; policy drop;
        iif "lo" accept
        ct state established,related accept
        ip saddr . tcp dport @admitted accept
        counter name blocked
    }
}
"""


class Namespaces:
    def __init__(self, name: str) -> None:
        self._prefix = f"isthmus-{name}-"

    def of(self, network: str, part: str) -> str:
        """The namespace of a part: `switch`, `gateway`, or an instance."""
        return f"{self._prefix}{network}-{part}"

    def build(self) -> None:
        self.remove()
        for network in topology.NETWORKS:
            switch = self._add(network, "switch")
            run("ip", "-n", switch, "link", "add", "br0", "type", "bridge")
            run("ip", "-n", switch, "addr", "add", f"{topology.ROUTER}/24", "dev", "br0")
            # A metadata service really exists: a refusal is not just an address that nobody has.
            run("ip", "-n", switch, "addr", "add", f"{topology.METADATA}/32", "dev", "br0")
            run("ip", "-n", switch, "link", "set", "br0", "up")
            for instance, address in topology.INSTANCES.items():
                self._leg(network, instance, (address,))
                run("nft", "-f", "-", given=_GROUP, namespace=self.of(network, instance))
            gateway = self._leg(network, "gateway", topology.EGRESS)
            run("ip", "-n", gateway, "route", "add", f"{topology.METADATA}/32", "dev", "eth0")

    def remove(self) -> int:
        """How many there were, those of an earlier keeper included; processes in them must have ended."""
        removed = 0
        for line in run("ip", "netns", "list").splitlines():
            name = line.split(" ")[0]
            if name.startswith(self._prefix):
                run("ip", "netns", "del", name)
                removed += 1
        return removed

    def processes(self) -> list[int]:
        """Everything that still runs in one of the namespaces."""
        found: list[int] = []
        for line in run("ip", "netns", "list").splitlines():
            name = line.split(" ")[0]
            if name.startswith(self._prefix):
                found += [int(pid) for pid in run("ip", "netns", "pids", name).split()]
        return found

    def admit(self, network: str, instance: str, address: str, port: int, admitted: bool) -> None:
        verb = "add" if admitted else "delete"
        element = f"{{ {address} . {port} }}"
        run("nft", verb, "element", "inet", "group", "admitted", element, namespace=self.of(network, instance))

    def blocked_packets(self, network: str, instance: str) -> int:
        text = run("nft", "list", "counter", "inet", "group", "blocked", namespace=self.of(network, instance))
        return int(text.split("packets ")[1].split()[0])

    def _add(self, network: str, part: str) -> str:
        name = self.of(network, part)
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
        return name

    def _leg(self, network: str, part: str, addresses: tuple[str, ...]) -> str:
        """A namespace with one cable to its network's switch."""
        name, switch = self._add(network, part), self.of(network, "switch")
        run("ip", "-n", switch, "link", "add", f"p-{part}", "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "-n", switch, "link", "set", f"p-{part}", "master", "br0", "up")
        run("ip", "-n", name, "link", "set", "eth0", "up")
        for address in addresses:
            run("ip", "-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
        return name
