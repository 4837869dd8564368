"""Operations on remote connectors, which stand in networks that the gateway cannot enter and come to its hub.

An extension. What they work on is the hub's own register (`isthmus.hub.desk`), not the store. Invariant: a token is in
no answer but the one that made it, and neither in the audit trail.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.hub.desk import Desk, shown_connector
from isthmus.hub.register import RegisterError
from isthmus.operations.call import Call
from isthmus.operations.networks import is_behind, require_network
from isthmus.operations.times import utc_text
from isthmus.store.access_options import options_of
from isthmus.store.networks import Network, accesses_of_network


def create_connector_token(call: Call, params: Any) -> Mapping[str, Any]:
    hub = _hub(call)
    network = require_network(call, params.network_id)
    if not is_behind(hub, network):
        text = (
            f"{network.network_id} is not attached through the hub of this gateway: give its Attachment as "
            '{"mode":"connector"}, without a socket.'
        )
        raise errors.invalid([Problem("NetworkId", text)])
    address = hub.address()
    if not address:
        raise errors.single("NoHubHere", "The hub does not run (any more), so its address is not known; see its log.")
    with _register_errors("NetworkId"):
        token = hub.new_token(network.network_id)
    return {
        "network_id": network.network_id,
        "token": token.text,
        "expire_time": utc_text(int(token.until * 1000)),
        "hub_address": address,
        "command": _command(token.text, address, _allowed(call, network)),
    }


def describe_connectors(call: Call, params: Any) -> Mapping[str, Any]:
    if call.hub is None:
        return {"connectors": [], "hub_address": ""}
    with _register_errors("NetworkId"):
        listed = call.hub.connectors()
    rows = [
        shown_connector(connector_id, one)
        for connector_id, one in sorted(listed.items(), key=lambda item: (item[1]["network_id"], item[0]))
        if params.network_id in (None, "", one["network_id"])
    ]
    return {"connectors": rows, "hub_address": call.hub.address()}


def revoke_connector(call: Call, params: Any) -> Mapping[str, Any]:
    hub = _hub(call)
    with _register_errors("ConnectorId"):
        if params.connector_id not in hub.connectors():
            raise errors.not_found("Connector", f"There is no connector {params.connector_id[:64]}.")
        hub.revoke(params.connector_id)
    return {}


def _hub(call: Call) -> Desk:
    """Raises: ApiError."""
    if call.hub is None:
        text = "No connector can come in here: start the gateway with the setting hub, for example --hub 0.0.0.0:7443."
        raise errors.single("NoHubHere", text)
    return call.hub


@contextmanager
def _register_errors(parameter: str) -> Iterator[None]:
    try:
        yield
    except RegisterError as error:
        raise errors.invalid([Problem(parameter, str(error))]) from error


def _allowed(call: Call, network: Network) -> list[str]:
    """What the accesses of the network name, as the connector's own list."""
    accesses = accesses_of_network(call.transaction, network.network_id)
    options = options_of(call.transaction, [access.access_id for access in accesses])
    found = set()
    for access in accesses:
        further = options[access.access_id].targets if access.access_id in options else ()
        targets = [(access.instance_id, access.port), *((one.instance_id or "", one.port) for one in further)]
        for target, port in targets:
            address = network.known_instances.get(target, target)
            found.add(f"[{address}]:{port or access.port}" if ":" in address else f"{address}:{port or access.port}")
    return sorted(found)


def _command(token: str, address: str, allowed: list[str]) -> str:
    """The token goes in by standard input: a command line is seen by everybody on the machine."""
    words = ["isthmus", "connector", "join", "--hub", address, "--token-file", "-"]
    words += ["--state", "/var/lib/isthmus-connector"]
    for target in allowed or ["IP:PORT"]:
        words += ["--allow", target]
    return f"echo {shlex.quote(token)} | {shlex.join(words)}"
