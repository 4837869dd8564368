"""What a connector behind a WireGuard tunnel keeps to: it reaches what is behind it, and the tunnel's end is told from a
security group.

Called by `matrix.py` after `remote_checks.py`, with the same gateway. The network that is made here stays for the
table. As in `acceptance.py` a check says in its first words what is true when it returns.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from isthmus.lab.gateway import OWN
from isthmus.lab.gateway_checks import Front, tested
from isthmus.lab.report import Failed, Skipped, expect
from isthmus.lab.topology import CIDR, INSTANCES, TUNNEL_EGRESS, TUNNEL_NAME, WEB_PORT

VPC = TUNNEL_NAME
NETWORK = f"front-{TUNNEL_NAME}"
ECS1 = INSTANCES["ecs1"]
_SECONDS = 15.0
# CAP_NET_ADMIN
_NETWORK_RIGHT = 1 << 12


def needs_tunnel(front: Front) -> None:
    if not front.lab.has_tunnel:
        raise Skipped("needs root, /dev/net/tun and a WireGuard program: wireguard-go, or --wireguard")


def the_group_decides_behind_it(front: Front) -> None:
    """behind a WireGuard tunnel a security group admits the tunnel's address, which the test names, and no other"""
    needs_tunnel(front)
    attachment = json.dumps(front.lab.tunnel_attachment())
    front.gateway.manage("CreateNetwork", OWN, NetworkId=NETWORK, Cidrs=CIDR, Attachment=attachment)
    given = {"Name": NETWORK, "VpcId": NETWORK, "InstanceId": ECS1, "Port": str(WEB_PORT)}
    front.gateway.manage("SetVpcAccess", **given)
    front.gateway.publish(NETWORK, front.path(VPC))
    found = tested(front, NETWORK)
    expect(found["Verdict"], "CONNECT_TIMEOUT", "the test")
    expect(TUNNEL_EGRESS in found["Hint"], True, f"the hint {found['Hint']!r} names {TUNNEL_EGRESS}")
    front.lab.security_group(VPC, "ecs1").allow(TUNNEL_EGRESS)


def calls_go_through_it(front: Front) -> None:
    """100 calls in a row go through the tunnel to the network with the same addresses that is behind it"""
    needs_tunnel(front)
    for turn in range(100):
        expect(front.is_served_from(VPC), True, f"call {turn} is answered by {VPC}")
    peers = {line.split()[0] for line in front.lab.backend_log(VPC, "ecs1")}
    expect(peers, {TUNNEL_EGRESS}, "peers in the log")


def its_rights_are_few(front: Front) -> None:
    """the WireGuard program is no root and keeps the right to set up its interface, and nothing else"""
    needs_tunnel(front)
    (found,) = front.lab.edge()["programs"]
    rights = {int(found[name], 16) for name in ("CapEff", "CapPrm")}
    expect((found["Uid"], rights, found["NoNewPrivs"]), ("65534", {_NETWORK_RIGHT}, "1"), "user and rights")


def a_silent_end_is_told(front: Front) -> None:
    """when the other end of the tunnel falls silent, the test says so too, and afterwards calls are answered again"""
    needs_tunnel(front)
    front.lab.edge("stop")
    try:
        found = tested(front, NETWORK)
    finally:
        front.lab.edge("continue")
    expect(found["Verdict"], "CONNECT_TIMEOUT", "the test")
    expect("WireGuard" in found["Hint"], True, f"the hint {found['Hint']!r} names the tunnel")
    wait_served(front)


def it_goes_and_comes_as_one(front: Front) -> None:
    """a killed connector takes its WireGuard program along, and a new one brings the network back"""
    needs_tunnel(front)
    front.lab.kill_connector(VPC)
    deadline = time.monotonic() + _SECONDS
    while front.lab.edge()["programs"]:
        if time.monotonic() > deadline:
            raise Failed("the WireGuard program outlives its connector")
        time.sleep(0.01)
    front.lab.restart_connector(VPC)
    wait_served(front)
    # The table gives this target to one access after the other.
    front.gateway.manage("RemoveVpcAccess", VpcId=NETWORK, InstanceId=ECS1, Port=str(WEB_PORT))


def wait_served(front: Front) -> None:
    deadline = time.monotonic() + _SECONDS
    while not front.is_served_from(VPC):
        if time.monotonic() > deadline:
            raise Failed(f"{VPC} does not answer again")


CHECKS: tuple[Callable[[Front], None], ...] = (
    the_group_decides_behind_it,
    calls_go_through_it,
    its_rights_are_few,
    a_silent_end_is_told,
    it_goes_and_comes_as_one,
)
