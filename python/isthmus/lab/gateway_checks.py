"""What a whole gateway in front of the lab's networks keeps to: who may be named, what is said when it fails, what is
followed, and that nothing stays open.

Called by `matrix.py`, before its table, with the gateway it has started. As in `acceptance.py` a check says in its first
words what is true when it returns.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isthmus.client import ClientError
from isthmus.lab.gateway import OWN, Gateway
from isthmus.lab.report import Failed, Skipped, expect
from isthmus.lab.running import Lab
from isthmus.lab.topology import CIDR, EGRESS, INSTANCES, METADATA, WEB_PORT, instance_id, page

ECS1, ECS2 = INSTANCES["ecs1"], INSTANCES["ecs2"]
FIRST, SECOND = EGRESS
NETWORKS = ("vpc-a", "vpc-b")
DANGEROUS = (
    METADATA,
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "127.0.0.1",
    "::1",
    "169.254.1.1",
    "fe80::1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "10.0.0.0",
    "10.0.0.255",
    "10.1.0.11",
    "::ffff:10.0.0.11",
    "64:ff9b::a9fe:a9fe",
    "127.1",
    "0x7f.0.0.1",
    "2130706433",
    "010.0.0.11",
    "http://10.0.0.11",
    "10.0.0.11:80",
    "shop.internal",
    "i-b-ecs1",
)
_SECONDS = 10.0


@dataclass(frozen=True)
class Front:
    """A gateway, the lab behind it, and an API for each network."""

    lab: Lab
    gateway: Gateway
    # Of remote connectors, for the check that they are good once.
    tokens: list[str] = field(default_factory=list)

    def network(self, name: str) -> str:
        return f"front-{name}"

    def path(self, name: str) -> str:
        return f"/front/{name}"

    def authorise(self, name: str) -> None:
        """In vpc-a by the id of the instance, in vpc-b by its address."""
        target = instance_id(name, "ecs1") if name == "vpc-a" else ECS1
        given = {"Name": self.network(name), "VpcId": self.network(name), "InstanceId": target}
        self.gateway.manage("SetVpcAccess", Port=str(WEB_PORT), **given)

    def groups(self, name: str, *addresses: str) -> None:
        """Lets the group of the network's first instance admit these and no others."""
        group = self.lab.security_group(name, "ecs1")
        for address in EGRESS:
            (group.allow if address in addresses else group.revoke)(address)

    def is_served_from(self, name: str, instance: str = "ecs1") -> bool:
        return self.gateway.get(self.path(name)).text.startswith(page(name, instance) + " ")


def networks_are_registered(front: Front) -> None:
    """two networks with the same addresses are registered, authorised by id in one and by address in the other"""
    for name in NETWORKS:
        network = front.lab.networks[name]
        given = {"Attachment": json.dumps(network.attachment), "Instances": json.dumps(network.instances)}
        front.gateway.manage("CreateNetwork", OWN, NetworkId=front.network(name), Cidrs=CIDR, **given)
        front.groups(name)
        front.authorise(name)
        front.gateway.publish(front.network(name), front.path(name))


def engines_have_no_rights(front: Front) -> None:
    """no thread of the engine has a capability, or a way to get one"""
    for status in Path(f"/proc/{front.gateway.engine_pid}/task").glob("*/status"):
        lines = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
        held = {name: int(lines[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")}
        expect(set(held.values()), {0}, f"capabilities of a thread of the engine ({held})")
        expect(lines["NoNewPrivs"].strip(), "1", "no_new_privs of the engine")


def this_machine_is_outside(front: Front) -> None:
    """the gateway's own machine has no way to the instances"""
    for name in NETWORKS:
        connection = http.client.HTTPConnection(ECS1, WEB_PORT, timeout=0.5)
        try:
            connection.request("GET", front.path(name))
            text = connection.getresponse().read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            continue
        finally:
            connection.close()
        expect(page(name, "ecs1") in text, False, f"the page of {name} from outside")


def failures_name_what_to_admit(front: Front) -> None:
    """before a group admits the gateway, calls fail without an address in the answer; the test names whom to admit"""
    needs_namespaces(front)
    answer = front.gateway.get(front.path("vpc-a"))
    expect((answer.status, answer.code, ECS1 in answer.text), (504, "D504CO", False), "the answer")
    found = tested(front)
    expect((found["Verdict"], found["Passed"]), ("CONNECT_TIMEOUT", False), "the test")
    if not str(found["Hint"]).endswith(f"{FIRST}, {SECOND}."):
        raise Failed(f"the hint does not name the egress addresses: {found['Hint']!r}")


def tests_tell_source_addresses_apart(front: Front) -> None:
    """the test shows which egress address a group admits and which it does not"""
    needs_namespaces(front)
    front.groups("vpc-a", FIRST)
    stops = [(stop.get("Source"), stop["Passed"]) for stop in tested(front)["Stops"] if stop["Stop"] == "connect"]
    expect(stops, [(FIRST, True), (SECOND, False)], "connections from each egress address")


def networks_decide_for_themselves(front: Front) -> None:
    """a rule in one network lets nobody into the other one, though the addresses are the same"""
    front.groups("vpc-a", *EGRESS)
    expect(front.is_served_from("vpc-a"), True, "the page of vpc-a")
    answer = front.gateway.get(front.path("vpc-b"))
    expect(answer.status in (502, 504) and answer.code != "", True, f"{answer} is a refusal")


def requests_are_never_mixed(front: Front) -> None:
    """200 requests in turn to the same address in two networks are never mixed up"""
    front.groups("vpc-b", *EGRESS)
    for turn in range(200):
        expect(front.is_served_from(NETWORKS[turn % 2]), True, f"request {turn} is answered by {NETWORKS[turn % 2]}")
    peers = {line.split()[0] for line in front.lab.backend_log("vpc-a", "ecs1") if front.path("vpc-a") in line}
    expect(peers <= set(EGRESS) and bool(peers), True, f"backends see egress addresses: {peers}")


def dangerous_targets_are_not_authorised(front: Front) -> None:
    """metadata, loopback, other networks' instances, odd spellings and bad ports are refused when authorising"""
    for target, port, name in (
        *((target, "80", "bad") for target in DANGEROUS),
        *((ECS2, port, "bad") for port in ("0", "65536", "-1", "http")),
        (ECS2, "80", "two\nlines"),
    ):
        given = {"Name": name, "VpcId": front.network("vpc-a"), "InstanceId": target, "Port": port}
        try:
            front.gateway.manage("SetVpcAccess", **given)
        except ClientError as refused:
            expect(refused.code[:7], "Invalid", f"the refusal of {target}:{port}")
        else:
            raise Failed(f"{target}:{port} as {name!r} was authorised")


def inventories_are_followed(front: Front) -> None:
    """an instance id leads to its new address as soon as the inventory says so"""
    front.lab.security_group("vpc-a", "ecs2").allow(FIRST)
    front.lab.security_group("vpc-a", "ecs2").allow(SECOND)
    known = front.lab.networks["vpc-a"].instances
    first, second = instance_id("vpc-a", "ecs1"), instance_id("vpc-a", "ecs2")
    swapped = {**known, first: ECS2, second: ECS1}
    for instances, place in ((swapped, "ecs2"), (known, "ecs1")):
        given = {"NetworkId": front.network("vpc-a"), "Instances": json.dumps(instances)}
        front.gateway.manage("SetNetworkInstances", OWN, **given)
        expect(front.is_served_from("vpc-a", place), True, f"the page is that of {place}")


def taking_an_access_away_closes_everything(front: Front) -> None:
    """taking an access away refuses the next call and leaves no connection to the instance open; giving it again serves"""
    expect(front.is_served_from("vpc-b"), True, "the page before")
    front.gateway.manage("RemoveVpcAccess", VpcId=front.network("vpc-b"), InstanceId=ECS1, Port=str(WEB_PORT))
    answer = front.gateway.get(front.path("vpc-b"))
    expect((answer.status, answer.code), (504, "X504VE"), "the answer right after")
    if front.lab.mode != "loopback":
        deadline = time.monotonic() + _SECONDS
        while front.lab.connections("vpc-b", ECS1):
            if time.monotonic() > deadline:
                raise Failed(f"{front.lab.connections('vpc-b', ECS1)} connections are still open")
            time.sleep(0.01)
    front.authorise("vpc-b")
    expect(front.is_served_from("vpc-b"), True, "the page after it was given again")


def detached_networks_are_told_and_come_back(front: Front) -> None:
    """without a connector a network is said to be detached, the other one serves, and a new connector brings it back"""
    front.lab.kill_connector("vpc-a")
    expect(tested(front)["Verdict"], "VPC_DETACHED", "the test")
    expect(front.is_served_from("vpc-b"), True, "the other network")
    front.lab.restart_connector("vpc-a")
    deadline = time.monotonic() + _SECONDS
    while not front.is_served_from("vpc-a"):
        if time.monotonic() > deadline:
            raise Failed("the network is not back")
        time.sleep(0.01)


CHECKS: tuple[Callable[[Front], None], ...] = (
    networks_are_registered,
    engines_have_no_rights,
    this_machine_is_outside,
    failures_name_what_to_admit,
    tests_tell_source_addresses_apart,
    networks_decide_for_themselves,
    requests_are_never_mixed,
    dangerous_targets_are_not_authorised,
    inventories_are_followed,
    taking_an_access_away_closes_everything,
    detached_networks_are_told_and_come_back,
)


def needs_namespaces(front: Front) -> None:
    if front.lab.mode == "loopback":
        raise Skipped("needs network namespaces")


def tested(front: Front, access: str = "front-vpc-a") -> dict[str, Any]:
    """`TestVpcAccess` of an access, once the engine has told which addresses backends see."""
    deadline = time.monotonic() + _SECONDS
    while True:
        found = front.gateway.manage("TestVpcAccess", OWN, Name=access, Timeout="800")
        if found["EgressAddresses"] or time.monotonic() > deadline:
            return found
        time.sleep(0.1)
