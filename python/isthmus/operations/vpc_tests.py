"""`TestVpcAccess` and `ValidateVpcConnectivity`: an engine tries the way to a VPC access, stop by stop, and the answer says why it ends where it ends.

The dispatcher prepares it in a transaction and asks the engine after, so that a slow network holds nothing. Invariant:
the engine goes through the same attachment and the same address policy as for a request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.operations.call import Call, NodeReports
from isthmus.operations.fields import raise_problems
from isthmus.operations.instances import require_instance
from isthmus.operations.path_texts import Probed, verdict
from isthmus.store.networks import AccessFilter, Network, VpcAccess, find_access, find_network, list_accesses
from isthmus.store.selection import Page

_USUAL_MS, _LONGEST_MS = 3000, 10_000
# An engine may try several addresses from several sources, one after the other.
_PATIENCE_SECONDS = 50.0


def test_vpc_access(call: Call, params: Any) -> Mapping[str, Any]:
    return prepare_test(call, params)()


def prepare_test(call: Call, params: Any) -> Callable[[], Mapping[str, Any]]:
    """Everything but the asking. Raises: ApiError."""
    access = find_access(call.transaction, params.name)
    if access is None:
        raise errors.not_found("VpcAccess", f"There is no VPC access {params.name[:64]}.")
    scheme, path = (params.scheme or "HTTP").upper(), params.path or "/"
    limit = _USUAL_MS if params.timeout is None else params.timeout
    problems = []
    if scheme not in ("HTTP", "HTTPS"):
        problems.append(Problem("Scheme", "must be HTTP or HTTPS."))
    if not path.startswith("/") or not all("!" <= character <= "~" for character in path) or len(path) > 2000:
        problems.append(Problem("Path", "must start with / and have visible ASCII characters alone."))
    if not 1 <= limit <= _LONGEST_MS:
        problems.append(Problem("Timeout", f"must be a number of milliseconds from 1 to {_LONGEST_MS}."))
    raise_problems(problems)
    network = find_network(call.transaction, access.network_id)
    if network is None:
        raise errors.not_found("Network", f"There is no network {access.network_id}.")
    wanted = {"access": access.name, "scheme": scheme.lower(), "path": path, "timeout_ms": limit}
    return partial(_ask, call.nodes, params.engine or "", wanted, (access, network))


def validate_vpc_connectivity(call: Call, params: Any) -> Mapping[str, Any]:
    return prepare_validation(call, params)()


def prepare_validation(call: Call, params: Any) -> Callable[[], Mapping[str, Any]]:
    """The vendor's question: whether there is a connection, whatever answers on it. Raises: ApiError."""
    require_instance(call.transaction, params.instance_id)
    page = Page(1, 1)
    found = list_accesses(call.transaction, AccessFilter(access_id=params.vpc_access_id), page).accesses
    if not found:
        raise errors.not_found("VpcAccess", f"There is no VPC access {params.vpc_access_id[:64]}.")
    wanted = {"access": found[0].name, "scheme": "http", "path": "/", "timeout_ms": _USUAL_MS}
    return partial(_validate, call.nodes, wanted)


def _validate(nodes: NodeReports, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    connects = [stop for stop in _answer(nodes, "", wanted)[1] if stop.get("name") == "connect"]
    passed = [stop for stop in connects if not stop.get("problem")]
    is_six = any(str(stop.get("detail", "")).startswith("[") for stop in passed)
    return {"connected": bool(connects) and len(passed) == len(connects), "ip_type": "IPV6" if is_six else "IPV4"}


def _answer(nodes: NodeReports, node: str, wanted: Mapping[str, Any]) -> tuple[str, list[Mapping[str, Any]]]:
    """The engine and the stops that it made. Raises: ApiError."""
    node, answer = nodes.ask(node, wanted, _PATIENCE_SECONDS)
    if answer is None:
        who = f"The engine {node[:64]} does" if node else "No engine is connected to this control plane, so none does"
        raise errors.single("EngineUnreachable", f"{who} not answer; `isthmus status` shows the engines.")
    return node, [stop for stop in answer.get("stops", []) if isinstance(stop, dict)]


def _ask(
    nodes: NodeReports, node: str, wanted: Mapping[str, Any], tested: tuple[VpcAccess, Network]
) -> Mapping[str, Any]:
    access, network = tested
    node, stops = _answer(nodes, node, wanted)
    egress = list(dict.fromkeys([*nodes.egress_addresses(network.network_id), *network.egress_addresses]))
    known = Probed(access.name, network.network_id, network.attachment["mode"], access.instance_id, access.port, egress)
    found = verdict(known, stops)
    return {
        "engine": node,
        "network_id": network.network_id,
        "instance_id": access.instance_id,
        "port": access.port,
        "passed": found.code == "OK",
        "verdict": found.code,
        "text": found.text,
        "hint": found.hint or None,
        "egress_addresses": egress,
        "stops": [
            {
                "stop": stop.get("name"),
                "source": stop.get("source"),
                "microseconds": stop.get("microseconds"),
                "passed": not stop.get("problem"),
                "problem": stop.get("problem"),
                "detail": stop.get("detail"),
            }
            for stop in stops
        ],
    }
