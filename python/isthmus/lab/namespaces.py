"""Networks made of network namespaces: a switch, two machines and an entry point for a connector.

Runs in the keeper, which is root in namespaces of its own; a namespace is a file in the run directory, mounted in the
keeper's private mount namespace, so that nothing of it can outlive the keeper.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from isthmus.lab.modes import SEARCH_PATH, LabError
from isthmus.lab.topology import (
    AGENT_OUTSIDE,
    EDGE,
    EDGE_OUTSIDE,
    GATEWAY,
    METADATA,
    OUTSIDE,
    OUTSIDE_PREFIX_LENGTH,
    PREFIX_LENGTH,
    TUNNEL_CIDR,
    TUNNEL_OUTSIDE,
    Vpc,
)

ENVIRONMENT = {**os.environ, "PATH": SEARCH_PATH}
# Counts every attempt to open a connection, whatever becomes of it.
ENI_RULES = """table inet lab {
    counter attempts { }
    chain output { type filter hook output priority 0; tcp flags & (syn | ack) == syn counter name attempts; }
}"""
SWITCH_RULES = f"""table inet lab {{
    counter metadata {{ }}
    chain input {{ type filter hook input priority 0; ip daddr {METADATA} counter name metadata; }}
}}"""
# Answers only: nobody gets in, and each attempt is counted.
AGENT_RULES = """table inet lab {
    counter inbound { }
    chain input { type filter hook input priority 0; policy drop;
        iif lo accept
        ct state established,related accept
        meta l4proto { tcp, udp } counter name inbound drop; }
}"""


class Namespaces:
    """All network namespaces of one lab."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory / "netns"

    def build(self, networks: Sequence[Vpc]) -> None:
        """Raises `LabError` with the command that failed."""
        self._directory.mkdir()
        for vpc in networks:
            for place in vpc.places:
                path = self.path(vpc.name, place)
                path.touch()
                run(["unshare", f"--net={path}", "true"])
            self._wire(vpc)
            if vpc.is_remote:
                self._lead_outside(vpc, OUTSIDE, AGENT_OUTSIDE)
            if vpc.is_behind_tunnel:
                self._lead_outside(vpc, TUNNEL_OUTSIDE, EDGE_OUTSIDE)
            self.load_rules(vpc.name, vpc.entry, AGENT_RULES if vpc.is_remote else ENI_RULES)
            self.load_rules(vpc.name, "switch", SWITCH_RULES)

    def path(self, vpc: str, place: str) -> Path:
        return self._directory / f"{vpc}-{place}"

    def inside(self, vpc: str, place: str) -> list[str]:
        """The words before a command that runs in a place."""
        return ["nsenter", f"--net={self.path(vpc, place)}"]

    def load_rules(self, vpc: str, place: str, rules: str) -> None:
        run([*self.inside(vpc, place), "nft", "-f", "-"], rules)

    def _wire(self, vpc: Vpc) -> None:
        switch = [
            "link set lo up",
            "link add br0 type bridge",
            "link set br0 up",
            f"addr add {GATEWAY}/{PREFIX_LENGTH} dev br0",
            f"addr add {METADATA}/32 dev br0",
        ]
        legs: dict[str, tuple[str, ...]] = {instance.name: (instance.address,) for instance in vpc.instances}
        legs[vpc.entry] = vpc.entry_addresses
        for place in legs:
            switch.append(f"link add p-{place} type veth peer name eth0 netns {self.path(vpc.name, place)}")
            switch.append(f"link set p-{place} master br0 up")
        self._configure(vpc.name, "switch", switch)
        for place, addresses in legs.items():
            commands = ["link set lo up", "link set eth0 up"]
            commands += [f"addr add {address}/{PREFIX_LENGTH} dev eth0" for address in addresses]
            if place == vpc.entry:
                # The metadata service can really be reached, so that a refusal is not just a missing route.
                commands.append(f"route add {METADATA}/32 dev eth0")
            elif vpc.is_behind_tunnel:
                commands.append(f"route add {TUNNEL_CIDR} via {EDGE}")
            self._configure(vpc.name, place, commands)

    def _lead_outside(self, vpc: Vpc, outer: str, inner: str) -> None:
        """A link from the entry point to the keeper's own network, where connections can be dialled to and none comes from."""
        agent = self.path(vpc.name, vpc.entry)
        outside = [
            "link set lo up",
            f"link add out-{vpc.name} type veth peer name eth1 netns {agent}",
            f"addr add {outer}/{OUTSIDE_PREFIX_LENGTH} dev out-{vpc.name}",
            f"link set out-{vpc.name} up",
        ]
        run(["ip", "-batch", "-"], "\n".join(outside) + "\n")
        inside = [f"addr add {inner}/{OUTSIDE_PREFIX_LENGTH} dev eth1", "link set eth1 up"]
        self._configure(vpc.name, vpc.entry, inside)

    def _configure(self, vpc: str, place: str, commands: list[str]) -> None:
        run([*self.inside(vpc, place), "ip", "-batch", "-"], "\n".join(commands) + "\n")


def run(command: list[str], text: str = "") -> str:
    """Raises `LabError` with what the command said."""
    done = subprocess.run(command, input=text, text=True, capture_output=True, env=ENVIRONMENT, check=False)
    if done.returncode != 0:
        raise LabError(f"{' '.join(command)}: {done.stderr.strip() or f'exit code {done.returncode}'}")
    return done.stdout
