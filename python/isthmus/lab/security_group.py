"""Security groups: what may connect to an instance. Everything is dropped until an address and a port are allowed.

With namespaces it is the kernel's packet filter in the instance's own network; the keeper calls this.
"""

from __future__ import annotations

import ipaddress
import json

from isthmus.lab.modes import LabError
from isthmus.lab.namespaces import Namespaces, run

# As with the vendor's, taking a rule away does not cut a connection that stands.
RULES = """table inet sg {
    set allowed { type ipv4_addr . inet_service; }
    counter dropped { }
    chain input {
        type filter hook input priority 0; policy drop;
        iif lo accept
        ct state established,related accept
        ip saddr . tcp dport @allowed accept
        counter name dropped drop
    }
}"""


def check_rule(address: str, port: int) -> None:
    """Raises `LabError` for what is no IPv4 address or port."""
    try:
        ipaddress.IPv4Address(address)
    except ValueError:
        raise LabError(f"{address!r} is not an IPv4 address such as 10.0.0.250") from None
    if not 1 <= port <= 65535:
        raise LabError(f"the port {port} is not between 1 and 65535")


class KernelGroups:
    """The groups of a lab with namespaces."""

    def __init__(self, namespaces: Namespaces) -> None:
        self._namespaces = namespaces
        self._allowed: dict[tuple[str, str], set[tuple[str, int]]] = {}

    def build(self, vpc: str, instance: str) -> None:
        self._namespaces.load_rules(vpc, instance, RULES)
        self._allowed[vpc, instance] = set()

    def change(self, vpc: str, instance: str, rule: tuple[str, int], is_allowed: bool) -> None:
        """Saying what is so already changes nothing."""
        allowed = self._allowed[vpc, instance]
        if (rule in allowed) == is_allowed:
            return
        verb = "add" if is_allowed else "delete"
        element = f"{verb} element inet sg allowed {{ {rule[0]} . {rule[1]} }}"
        self._namespaces.load_rules(vpc, instance, element)
        (allowed.add if is_allowed else allowed.discard)(rule)

    def rules(self, vpc: str, instance: str) -> list[tuple[str, int]]:
        return sorted(self._allowed[vpc, instance])


def packets(namespaces: Namespaces, place: tuple[str, str], table: str, counter: str) -> int:
    """How many packets a counter saw."""
    text = run([*namespaces.inside(*place), "nft", "-j", "list", "counter", "inet", table, counter])
    return sum(int(item["counter"]["packets"]) for item in json.loads(text)["nftables"] if "counter" in item)
