"""What the test of a way to a backend found, in words: the likely cause and what to do.

Called by `vpc_tests.py`. Pure. Invariant: every problem that an engine names has a text, and what it does not know yet
is shown as the engine said it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from isthmus.operations.attachments import CONNECTORS


@dataclass(frozen=True)
class Probed:
    """What was tested, and what a text needs to name."""

    access: str
    network_id: str
    mode: str
    target: str
    port: int
    egress: Sequence[str]

    @property
    def admitted(self) -> str:
        return ", ".join(self.egress) or "the gateway's address"


@dataclass(frozen=True)
class Verdict:
    code: str
    text: str
    hint: str = ""


# Problem of an engine to code, text and hint; `{detail}` is what the engine said.
_TEXTS: dict[str, tuple[str, str, str]] = {
    "timeout": (
        "CONNECT_TIMEOUT",
        "No answer from {place} in {network}{source}.",
        "Most likely the security group of the instance does not admit this gateway: allow TCP {port} from {admitted}.",
    ),
    "unreachable": (
        "NO_SUCH_HOST",
        "No machine answers for {place} in {network}: {detail}.",
        "Check that the instance runs, that the address is its own, and that a route leads there.",
    ),
    "refused": (
        "CONNECT_REFUSED",
        "{place} is reachable, but nothing listens on port {port}.",
        "Start the service, or name its port in the VPC access (ModifyVpcAccessAndUpdateApis).",
    ),
    "reset": (
        "RESET_BY_PEER",
        "{place} accepts the connection and closes it.",
        "A firewall answers for the server, or the service keeps its own list of clients: admit {admitted}.",
    ),
    "access_missing": (
        "VPC_ACCESS_MISSING",
        "The engine does not have the VPC access {access}, or not its network {network}.",
        "`isthmus status` shows whether the engine lags behind or refuses a record.",
    ),
    "unresolved": (
        "NAME_UNRESOLVED",
        "{target} stands for no address in {network}: {detail}.",
        "Add the instance to the network (SetNetworkInstances), or name an address in the VPC access.",
    ),
    "address_refused": (
        "ADDRESS_REFUSED",
        "The address policy does not let the gateway connect: {detail}.",
        "Name an address inside the network's ranges; exceptions are the network's SpecialAddresses.",
    ),
    "refused_by_connector": (
        "CONNECTOR_REFUSED",
        "The other end does not allow this target: {detail}.",
        "Ask whoever runs it to put {target}:{port} on its own list.",
    ),
    "no_source_address": (
        "EGRESS_IP_MISSING",
        "The source address cannot be used: {detail}.",
        "Configure the address on the interface of {network}, or free ports: each address has 28,232 per backend.",
    ),
    "tls": (
        "TLS_FAILED",
        "{place} does not shake hands as {access} expects: {detail}.",
        "The certificate must be good for the access's Host and come from an authority that the gateway knows.",
    ),
    "no_http": (
        "NO_HTTP",
        "{place} is connected, but does not answer with HTTP: {detail}.",
        "Check that the port is the service's, and whether it expects HTTPS; some firewalls accept and close.",
    ),
    "silent": (
        "NO_ANSWER",
        "{place} is connected and does not answer the request: {detail}.",
        "The service accepts connections but is stuck or slow; its own log tells.",
    ),
}
_GONE = {
    "connector": (
        "VPC_DETACHED",
        "The connector of {network} does not answer: {detail}.",
        "Start it where the network is: `isthmus vpc connect-command {network}` prints the command.",
    ),
    "bastion": (
        "BASTION_UNREACHABLE",
        "The bastion of {network} does not let the gateway in: {detail}.",
        "Check its host, port, user and password (ModifyNetwork), and that it runs.",
    ),
}


# Nobody in the network says that a packet never came.
_TUNNEL = (
    " Or the other end of the WireGuard tunnel is silent: check endpoint and keys, that UDP gets there, and that it "
    "lets the tunnel's address into the network."
)


def verdict(tested: Probed, stops: Sequence[Mapping[str, Any]]) -> Verdict:
    """Of the first stop that was not passed; of all source addresses, when only some got through."""
    failed = [stop for stop in stops if stop.get("problem")]
    if not stops:
        return Verdict("NO_ANSWER", "The engine answered nothing.", "`isthmus status` shows its state.")
    if not failed:
        return Verdict("OK", f"{tested.target}:{tested.port} in {tested.network_id} answers.")
    first = failed[0]
    passed = [str(stop["source"]) for stop in stops if stop["name"] == "http" and not stop.get("problem")]
    found = _filled(tested, first)
    if passed:
        text = f"From {', '.join(passed)} it works, but not from {first.get('source')}: {found.text}"
        return Verdict(found.code, text, found.hint)
    return found


def _filled(tested: Probed, stop: Mapping[str, Any]) -> Verdict:
    problem = str(stop["problem"])
    if problem == "connector_gone":
        code, text, hint = _GONE["connector" if tested.mode in CONNECTORS else "bastion"]
    else:
        code, text, hint = _TEXTS.get(problem, ("FAILED", "The connection fails: {detail}.", ""))
    if tested.mode == "wireguard" and problem in ("timeout", "unreachable"):
        hint += _TUNNEL
    values = {
        "access": tested.access,
        "network": tested.network_id,
        "target": tested.target,
        "port": tested.port,
        "place": f"{tested.target}:{tested.port}",
        "admitted": tested.admitted,
        "source": f", sent from {stop['source']}" if stop.get("source") else "",
        "detail": str(stop.get("detail", "")).rstrip("."),
    }
    return Verdict(code, text.format(**values), hint.format(**values))
