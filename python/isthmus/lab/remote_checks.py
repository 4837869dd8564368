"""What a remote connector keeps to: one command lets it in, it listens nowhere, its own list decides, and when it dies it
is said or covered for.

Called by `matrix.py` after `gateway_checks.py`, with the same gateway, whose hub it uses. The connectors that it lets in
stay for the table. As in `acceptance.py` a check says in its first words what is true when it returns.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx

from isthmus.lab.gateway import OWN
from isthmus.lab.gateway_checks import Front, tested
from isthmus.lab.report import Failed, Skipped, expect
from isthmus.lab.topology import AGENT, CIDR, INSTANCES, REMOTE_NAME, WEB_PORT, instance_id, page

ECS1, ECS2 = INSTANCES["ecs1"], INSTANCES["ecs2"]
NETWORK = f"front-{REMOTE_NAME}"
UNLISTED_PORT = 8080
FIRST, SECOND, FAR = "c1", "c2", "far"
_SECONDS = 15.0
# A round trip is 40 ms; what is lost comes a quarter of a second later, twice in a row rarely.
_SLOW_CALL_SECONDS = 3.0
# A connector that was restarted serves again within this time.
_BACK_SECONDS = 2.0


def nobody_is_there_yet(front: Front) -> None:
    """a network that only a remote connector reaches is told apart from a broken one, with the command to start one"""
    needs_namespaces(front)
    given = {"Attachment": '{"mode":"connector"}', "Instances": f'{{"{instance_id(REMOTE_NAME, "ecs1")}":"{ECS1}"}}'}
    front.gateway.manage("CreateNetwork", OWN, NetworkId=NETWORK, Cidrs=CIDR, **given)
    authorise(front, instance_id(REMOTE_NAME, "ecs1"), WEB_PORT)
    front.gateway.publish(NETWORK, front.path(REMOTE_NAME))
    found = test_once(front)
    expect(found["Verdict"], "VPC_DETACHED", "the test")
    expect("connect-command" in found["Hint"], True, f"the hint {found['Hint']!r} names the command")


def one_command_lets_it_in(front: Front) -> None:
    """a connector dials out, joins with a token, gets a certificate, and is shown as connected"""
    needs_namespaces(front)
    made = front.gateway.manage("CreateConnectorToken", OWN, NetworkId=NETWORK)
    expect(f"--allow {ECS1}:{WEB_PORT}" in made["Command"], True, f"the command {made['Command']!r} has today's list")
    front.lab.open_door(front.gateway.hub)
    front.lab.join(FIRST, made["Token"])
    wait_for(lambda: FIRST in connected(front), "the connector is connected")
    front.tokens.append(made["Token"])


def it_listens_nowhere_and_may_nothing(front: Front) -> None:
    """a remote connector listens on no port and has no capability"""
    needs_namespaces(front)
    found = front.lab.remotes()
    expect(found["listeners"], 0, "ports that its machine listens on")
    expect(found["remotes"][FIRST]["capabilities"], "0", "its capabilities")


def its_own_address_is_named(front: Front) -> None:
    """while the security group admits nobody, the test names the connector's own address as the one to admit"""
    needs_namespaces(front)
    found = tested(front, NETWORK)
    expect(found["Verdict"], "CONNECT_TIMEOUT", "the test")
    expect(str(found["Hint"]).endswith(f"{AGENT}."), True, f"the hint {found['Hint']!r} names {AGENT}")


def calls_go_through_it(front: Front) -> None:
    """after the group admits it, 100 calls in a row reach the instance, which sees the connector's own address"""
    needs_namespaces(front)
    front.lab.security_group(REMOTE_NAME, "ecs1").allow(AGENT)
    for turn in range(100):
        expect(front.is_served_from(REMOTE_NAME), True, f"call {turn} is answered by vpc-c")
    peers = {line.split()[0] for line in front.lab.backend_log(REMOTE_NAME, "ecs1")}
    expect(peers, {AGENT}, "addresses that the backend saw")


def its_own_list_decides(front: Front) -> None:
    """what the connector's operator did not list is refused there, even when the gateway authorises it"""
    needs_namespaces(front)
    name = f"{NETWORK}-unlisted"
    authorise(front, ECS1, UNLISTED_PORT, name)
    front.lab.security_group(REMOTE_NAME, "ecs1").allow(AGENT, UNLISTED_PORT)
    expect(test_once(front, name)["Verdict"], "CONNECTOR_REFUSED", "the test")
    front.gateway.publish(name, f"{front.path(REMOTE_NAME)}/unlisted")
    expect(front.gateway.get(f"{front.path(REMOTE_NAME)}/unlisted").status, 504, "the answer to a call")
    front.gateway.manage("RemoveVpcAccess", VpcId=NETWORK, InstanceId=ECS1, Port=str(UNLISTED_PORT))


def tokens_are_good_once(front: Front) -> None:
    """a token that was used lets nobody in again"""
    needs_namespaces(front)
    front.lab.join("thief", front.tokens[0])
    wait_for(
        lambda: front.lab.remotes()["remotes"]["thief"]["ended"] is not None, "the second user of a token has ended"
    )
    said = front.lab.remotes()["remotes"]["thief"]["said"]
    expect("used already" in said, True, f"what it was told ({said!r}) says why")
    front.lab.leave("thief")


def the_only_one_is_killed(front: Front) -> None:
    """when the only connector is killed that is said soon, and it serves within 2 s of its restart, without a token"""
    needs_namespaces(front)
    front.lab.leave(FIRST)
    started = time.monotonic()
    answer = front.gateway.get(front.path(REMOTE_NAME))
    expect(answer.status in (502, 504) and answer.code != "", True, f"{answer} is a refusal")
    if time.monotonic() - started > _SECONDS:
        raise Failed("the answer took too long")
    front.lab.join(FIRST)
    started = time.monotonic()
    wait_for(lambda: front.is_served_from(REMOTE_NAME), "the network is back")
    if time.monotonic() - started > _BACK_SECONDS:
        raise Failed(f"the network was back after {time.monotonic() - started:.1f} s only")


def one_of_two_is_killed(front: Front) -> None:
    """when one of two connectors is killed under load, no call fails"""
    needs_namespaces(front)
    token = front.gateway.manage("CreateConnectorToken", OWN, NetworkId=NETWORK)["Token"]
    front.lab.join(SECOND, token)
    wait_for(lambda: connected(front) == {FIRST, SECOND}, "both connectors are connected")
    with Load(front) as load:
        load.wait_calls(200)
        front.lab.leave(FIRST)
        load.wait_calls(400)
    expect(load.failed, [], f"failed calls among {load.calls}")
    front.lab.join(FIRST)
    wait_for(lambda: connected(front) == {FIRST, SECOND}, "the killed connector came back")


def one_of_two_is_frozen(front: Front) -> None:
    """when one of two connectors is frozen, calls go around it within seconds, and it serves again once it goes on"""
    needs_namespaces(front)
    front.lab.signal(FIRST, signal.SIGSTOP)
    try:
        wait_for(lambda: quick_calls(front, 20), "20 quick calls in a row past a frozen connector")
        wait_for(lambda: connected(front) == {SECOND}, "the frozen connector is shown as away")
    finally:
        front.lab.signal(FIRST, signal.SIGCONT)
    wait_for(lambda: connected(front) == {FIRST, SECOND}, "the connector that goes on is connected")


def stalled_readers_hold_up_nobody(front: Front) -> None:
    """over a link of 40 ms that loses one packet of a hundred, readers that stall hold up nobody else"""
    needs_namespaces(front)
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        raise Skipped("needs /dev/net/tun")
    token = front.gateway.manage("CreateConnectorToken", OWN, NetworkId=NETWORK)["Token"]
    front.lab.join(FAR, token, is_far=True)
    for name in (FIRST, SECOND):
        front.lab.leave(name)
    wait_for(lambda: connected(front) == {FAR}, "the connector beyond the slow link is the only one")
    big = f"{front.path(REMOTE_NAME)}/big"
    front.gateway.publish(NETWORK, big)
    stalled = [front.gateway.begin(big) for _ in range(3)]
    try:
        started = time.monotonic()
        for turn in range(30):
            begun = time.monotonic()
            expect(front.is_served_from(REMOTE_NAME), True, f"call {turn} is answered")
            if time.monotonic() - begun > _SLOW_CALL_SECONDS:
                raise Failed(f"call {turn} took {time.monotonic() - begun:.1f} s")
        if time.monotonic() - started > _SECONDS:
            raise Failed(f"30 calls took {time.monotonic() - started:.1f} s")
    finally:
        for one in stalled:
            one.close()
        for name in (FIRST, SECOND):
            front.lab.join(name)
    wait_for(lambda: connected(front) == {FIRST, SECOND, FAR}, "the other connectors are back")
    front.lab.leave(FAR)


def nothing_came_in(front: Front) -> None:
    """nothing ever tried to come into vpc-c from the gateway's side"""
    needs_namespaces(front)
    expect(front.lab.count("inbound", REMOTE_NAME), 0, "packets that came in unasked")
    front.gateway.manage(
        "RemoveVpcAccess", VpcId=NETWORK, InstanceId=instance_id(REMOTE_NAME, "ecs1"), Port=str(WEB_PORT)
    )


CHECKS: tuple[Callable[[Front], None], ...] = (
    nobody_is_there_yet,
    one_command_lets_it_in,
    it_listens_nowhere_and_may_nothing,
    its_own_address_is_named,
    calls_go_through_it,
    its_own_list_decides,
    tokens_are_good_once,
    the_only_one_is_killed,
    one_of_two_is_killed,
    one_of_two_is_frozen,
    stalled_readers_hold_up_nobody,
    nothing_came_in,
)


class Load:
    """Calls without a pause from several callers, each on a connection of its own, while the block runs."""

    def __init__(self, front: Front, callers: int = 4) -> None:
        self._front = front
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self.calls = 0
        self.failed: list[str] = []
        self._threads = [threading.Thread(target=self._call, daemon=True) for _ in range(callers)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def wait_calls(self, count: int) -> None:
        """Until so many calls more have been answered."""
        wanted = self.calls + count
        wait_for(lambda: self.calls >= wanted, f"{count} calls")

    def _call(self) -> None:
        url, headers = self._front.gateway.url(self._front.path(REMOTE_NAME)), {"host": self._front.gateway.domain}
        first_words = page(REMOTE_NAME, "ecs1")
        with httpx.Client(timeout=20.0, trust_env=False) as client:
            while not self._ending.is_set():
                answer = client.get(url, headers=headers)
                with self._lock:
                    self.calls += 1
                    if answer.status_code != 200 or not answer.text.startswith(first_words):
                        self.failed.append(f"{answer.status_code} {answer.headers.get('x-ca-error-code', '')}")


def authorise(front: Front, target: str, port: int, name: str = NETWORK) -> None:
    front.gateway.manage("SetVpcAccess", Name=name, VpcId=NETWORK, InstanceId=target, Port=str(port))


def test_once(front: Front, name: str = NETWORK) -> dict[str, Any]:
    return front.gateway.manage("TestVpcAccess", OWN, Name=name, Timeout="800")


def connected(front: Front) -> set[str]:
    """Names of the connectors that are there."""
    listed = front.gateway.manage("DescribeConnectors", OWN, NetworkId=NETWORK)["Connectors"]
    return {str(one["Name"]) for one in listed if one["State"] == "CONNECTED"}


def quick_calls(front: Front, count: int) -> bool:
    """Whether so many calls in a row are each answered well within a second."""
    for _ in range(count):
        started = time.monotonic()
        if not front.is_served_from(REMOTE_NAME) or time.monotonic() - started > 0.8:
            return False
    return True


def wait_for(condition: Callable[[], bool], what: str, seconds: float = _SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.02)


def needs_namespaces(front: Front) -> None:
    if front.lab.mode == "loopback":
        raise Skipped("needs network namespaces")
