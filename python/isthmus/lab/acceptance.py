"""The checks of `isthmus lab test`: that the networks are what they claim, and that a connector reaches only what it may.

Each check is one function that returns whether it holds; what needs namespaces is skipped, with the reason, without.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from isthmus.lab import topology
from isthmus.lab.client import Lab
from isthmus.lab.probe import Probe

_ECS1, _ECS2 = topology.INSTANCES["ecs1"], topology.INSTANCES["ecs2"]
_DANGEROUS = (
    topology.METADATA, topology.ROUTER, "127.0.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "100.100.100.200",
    "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fe80::1",
)  # fmt: skip


@dataclass(frozen=True)
class Check:
    what: str
    holds: Callable[[Lab], bool]
    needs_namespaces: bool = False


def _probe(lab: Lab, network: str = "vpc-a") -> Probe:
    return Probe(lab.networks[network].socket)


def _admit(lab: Lab, network: str, admitted: bool = True) -> None:
    group = lab.security_group(network, "ecs1")
    for address in topology.EGRESS:
        (group.allow if admitted else group.revoke)(address)


def _untouched(_lab: Lab) -> bool:
    shown = subprocess.run(["ip", "-4", "-o", "addr"], capture_output=True, text=True).stdout
    return not any(address in shown for address in (*topology.EGRESS, topology.ROUTER))


def _no_route(_lab: Lab) -> bool:
    shown = subprocess.run(["ip", "route"], capture_output=True, text=True).stdout
    return "10.0.0.0/24" not in shown


def _closed_at_first(lab: Lab) -> bool:
    return _probe(lab).connect(_ECS1, 80).error in ("timeout", "reset", "") and lab.backend_log("vpc-a", "ecs1") == []


def _one_address_admitted(lab: Lab) -> bool:
    lab.security_group("vpc-a", "ecs1").allow(topology.EGRESS[0])
    probe = _probe(lab)
    admitted, blocked = probe.connect(_ECS1, 80, topology.EGRESS[0]), probe.connect(_ECS1, 80, topology.EGRESS[1])
    return admitted.connection is not None and blocked.error == "timeout"


def _right_page(lab: Lab) -> bool:
    _admit(lab, "vpc-a")
    return topology.page("vpc-a", "ecs1") in _probe(lab).connect(_ECS1, 80).page()


def _other_network_closed(lab: Lab) -> bool:
    return _probe(lab, "vpc-b").connect(_ECS1, 80).error == "timeout"


def _never_mixed(lab: Lab) -> bool:
    _admit(lab, "vpc-b")
    probes = {network: _probe(lab, network) for network in topology.NETWORKS}
    return all(
        topology.page(network, "ecs1") in probe.connect(_ECS1, 80).page()
        for _ in range(100)
        for network, probe in probes.items()
    )


def _peer_is_egress(lab: Lab) -> bool:
    peers = {line.split(" ")[0] for line in lab.backend_log("vpc-a", "ecs1")}
    return bool(peers) and peers <= set(topology.EGRESS)


def _egress_in_turn(lab: Lab) -> bool:
    probe = _probe(lab)
    pages = [probe.connect(_ECS1, 80).page() for _ in range(4)]
    return all(any(f"peer={address}" in page for page in pages) for address in topology.EGRESS)


def _says_hello(lab: Lab) -> bool:
    return _probe(lab).hello().get("egress") == list(topology.EGRESS)


def _dangerous_refused(lab: Lab) -> bool:
    probe = _probe(lab)
    return all(probe.connect(address, 80).error == "refused_by_connector" for address in _DANGEROUS)


def _other_port_refused(lab: Lab) -> bool:
    group = lab.security_group("vpc-a", "ecs1")
    before = group.blocked_packets()
    refused = _probe(lab).connect(_ECS1, topology.OTHER_PORT).error == "refused_by_connector"
    return refused and group.blocked_packets() == before


def _virtual_host(lab: Lab) -> bool:
    page = _probe(lab).connect(_ECS1, 80).page(topology.VIRTUAL_HOST)
    return page.startswith(f"shop on {topology.page('vpc-a', 'ecs1')}")


def _closed_port(lab: Lab) -> bool:
    lab.allow("vpc-a", [f"{_ECS1}:80", f"{_ECS1}:81"])
    for address in topology.EGRESS:
        lab.security_group("vpc-a", "ecs1").allow(address, 81)
    return _probe(lab).connect(_ECS1, 81).error == "refused"


def _ghost(lab: Lab) -> bool:
    lab.allow("vpc-a", [f"{_ECS1}:80", "10.0.0.99:80"])
    return _probe(lab).connect("10.0.0.99", 80).error == "unreachable"


def _off_the_list(lab: Lab) -> bool:
    lab.allow("vpc-a", [f"{_ECS2}:80"])
    refused = _probe(lab).connect(_ECS1, 80).error == "refused_by_connector"
    lab.allow("vpc-a", [f"{_ECS1}:80", f"{_ECS2}:80"])
    return refused and _probe(lab).connect(_ECS1, 80).connection is not None


def _no_rights(lab: Lab) -> bool:
    status = Path(f"/proc/{lab.process('vpc-a-connector')}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    unprivileged = fields["Uid"].split()[0] != "0" or lab.mode == "userns"
    return int(fields["CapEff"], 16) == 0 and fields["NoNewPrivs"].strip() == "1" and unprivileged


def _nonsense(lab: Lab) -> bool:
    probe = _probe(lab)
    odd = probe.ask({"op": "explode"})[0].get("error") == "other"
    return odd and probe.connect(_ECS1, 80).connection is not None


def _killed_and_back(lab: Lab) -> bool:
    lab.kill_connector("vpc-a")
    try:
        _probe(lab)
        return False
    except OSError:
        pass
    lab.restart_connector("vpc-a")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            return _probe(lab).connect(_ECS1, 80).connection is not None
        except OSError:
            time.sleep(0.02)
    return False


def _revoked(lab: Lab) -> bool:
    _admit(lab, "vpc-a", admitted=False)
    return _probe(lab).connect(_ECS1, 80).error == "timeout"


CHECKS = (
    Check("the caller's own network has none of the laboratory's addresses", _untouched, True),
    Check("the caller has no route into the networks", _no_route, True),
    Check("before a security group admits anybody, nothing gets through", _closed_at_first),
    Check("a security group admits one egress address and blocks the other", _one_address_admitted, True),
    Check("with both admitted the page comes from the right network", _right_page),
    Check("the same address in the other network is still closed", _other_network_closed, True),
    Check("200 alternating connections to the same address in two networks never mix", _never_mixed),
    Check("backends see only egress addresses", _peer_is_egress),
    Check("egress addresses are used in turn", _egress_in_turn),
    Check("the connector tells its egress addresses", _says_hello),
    Check(f"{len(_DANGEROUS)} dangerous addresses are refused by the connector", _dangerous_refused),
    Check("another port of the same machine is refused and no packet leaves", _other_port_refused),
    Check("the Host header selects a virtual host", _virtual_host),
    Check("a closed port is told as refused", _closed_port, True),
    Check("a machine that does not exist is told from a blocked one", _ghost, True),
    Check("what is taken off the connector's list is refused at once", _off_the_list),
    Check("the connector has no capability and cannot get one", _no_rights),
    Check("nonsense is answered and does no harm", _nonsense),
    Check("a killed connector is noticed, a restarted one serves", _killed_and_back),
    Check("what the security group revokes is closed again", _revoked, True),
)


def play(lab: Lab, say: Callable[[str], None]) -> int:
    """Plays all checks; the number that failed."""
    passed = failed = skipped = 0
    for number, check in enumerate(CHECKS, 1):
        if check.needs_namespaces and lab.mode == "loopback":
            skipped += 1
            say(f"skip {number:2} {check.what} (needs network namespaces)")
            continue
        try:
            holds, why = check.holds(lab), ""
        except Exception as error:
            holds, why = False, f" [{type(error).__name__}: {error}]"
        passed, failed = passed + holds, failed + (not holds)
        say(f"{'ok  ' if holds else 'FAIL'} {number:2} {check.what}{why}")
    say(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return failed
