"""Operations on networks, the private networks in which backends stand.

An extension: the vendor's VPCs are objects of another product. Each write puts or removes the network's plan record.
Invariant: every access of a network stays one that could be given again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.hub.desk import Desk
from isthmus.model.targets import AccessOptions
from isthmus.operations.attachments import CONNECTORS, excludes, shown, with_known_password
from isthmus.operations.call import Call
from isthmus.operations.fields import name_problems, raise_problems
from isthmus.operations.instances import require_instance
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.targets import network_problems, target_problems
from isthmus.operations.times import utc_text
from isthmus.publish.bindings import network_record
from isthmus.store.access_options import options_of
from isthmus.store.networks import (
    Network,
    accesses_of_network,
    add_network,
    all_networks,
    find_network,
    list_networks,
    remove_network,
    update_network,
)

_NETWORK_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HOST = {"mode": "host"}


def create_network(call: Call, params: Any) -> Mapping[str, Any]:
    if find_network(call.transaction, params.network_id) is not None:
        text = f"There is already a network {params.network_id}; use ModifyNetwork, or choose another NetworkId."
        raise errors.repeated("NetworkId", text)
    network = Network(
        network_id=params.network_id,
        name=params.name or "",
        attachment=_through_hub(call, params.network_id, params.attachment),
        cidrs=params.cidrs or [],
        instances=params.instances or {},
        egress_addresses=params.egress_addresses or [],
        created_at=call.transaction.now,
        modified_at=call.transaction.now,
        special_addresses=params.special_addresses or [],
    )
    _check(call, network)
    add_network(call.transaction, network)
    call.transaction.records.put(*network_record(network))
    return {"network_id": network.network_id}


def modify_network(call: Call, params: Any) -> Mapping[str, Any]:
    """Partial: what is absent keeps its value."""
    network = require_network(call, params.network_id)
    names = ("name", "attachment", "cidrs", "instances", "egress_addresses", "special_addresses")
    given = {name: getattr(params, name) for name in names if getattr(params, name) is not None}
    if "attachment" in given:
        known = with_known_password(given["attachment"], network.attachment)
        given["attachment"] = _through_hub(call, network.network_id, known)
    changed = replace(network, **given)
    _check(call, changed)
    put_network(call, network, changed)
    return {}


def put_network(call: Call, network: Network, changed: Network) -> None:
    """Stores a change that was checked. Raises: ApiError when a person takes the target of an access away."""
    # What a source no longer reports is gone, whoever still names it.
    kept = changed if changed.seen == network.seen else None
    accesses = accesses_of_network(call.transaction, network.network_id) if kept else []
    options = options_of(call.transaction, [access.access_id for access in accesses])
    for access in accesses:
        further = options.get(access.access_id, AccessOptions()).targets
        targets = [access.instance_id, *(one.instance_id or "" for one in further)]
        problems = [
            one for target in targets for one in target_problems(changed, target, call.settings.loopback_backends)
        ]
        if problems:
            text = f"The VPC access {access.name} would be left without its target: {problems[0].text}"
            raise errors.dependency_violation("VpcAccess", text)
    update_network(call.transaction, changed)
    call.transaction.records.put(*network_record(changed))


def delete_network(call: Call, params: Any) -> Mapping[str, Any]:
    network = require_network(call, params.network_id)
    accesses = accesses_of_network(call.transaction, network.network_id)
    if accesses:
        names = ", ".join(access.name for access in accesses)[:400]
        text = f"The network {network.network_id} still has VPC accesses: {names}. Remove them first."
        raise errors.dependency_violation("VpcAccess", text)
    if call.hub is not None:
        call.hub.forget_network(network.network_id)
    remove_network(call.transaction, network.network_id)
    call.transaction.records.remove("network", network.network_id)
    return {}


def describe_networks(call: Call, params: Any) -> Mapping[str, Any]:
    page = page_of(params)
    if params.instance_id is not None:
        require_instance(call.transaction, params.instance_id)
    found = list_networks(call.transaction, params.network_id, page)
    rows = [_shown(call, network, params.instance_id) for network in found.networks]
    return {"networks": rows, **page_fields(page, found.total)}


def network_for_access(call: Call, network_id: str) -> Network:
    """The network that an access names. One that nobody registered is the engine's own network under another name.

    Raises: ApiError.
    """
    network = find_network(call.transaction, network_id)
    if network is not None:
        return network
    raise_problems(_id_problems("VpcId", network_id))
    now = call.transaction.now
    network = Network(network_id, "", dict(_HOST), [], {}, [], created_at=now, modified_at=now)
    add_network(call.transaction, network)
    call.transaction.records.put(*network_record(network))
    return network


def require_network(call: Call, network_id: str) -> Network:
    """Raises: ApiError."""
    network = find_network(call.transaction, network_id)
    if network is None:
        raise errors.not_found("Network", f"There is no network {network_id[:64]}.")
    return network


def _check(call: Call, network: Network) -> None:
    problems = _id_problems("NetworkId", network.network_id)
    problems += name_problems("Name", network.name or None, 64)
    problems += network_problems(network, call.settings.loopback_backends)
    raise_problems(problems)
    # One machine has one way to an address, so two of its networks cannot both have it.
    for other in all_networks(call.transaction):
        cidr = excludes(network, other) if other.network_id != network.network_id else None
        if cidr is not None:
            text = (
                f"{cidr} overlaps the network {other.network_id}, which is attached to this machine too. "
                "Give each an interface of its own (`device`), or attach one of the two through a connector."
            )
            raise errors.invalid([Problem("Cidrs", text)])


def is_behind(hub: Desk | None, network: Network) -> bool:
    """Whether its connectors come to this gateway's hub."""
    return hub is not None and network.attachment.get("socket") == hub.socket(network.network_id)


def _through_hub(call: Call, network_id: str, attachment: Any) -> Any:
    """A connector without a socket is a remote one: the socket is then the hub's. Raises: ApiError."""
    if attachment != {"mode": "connector"}:
        return attachment
    if call.hub is None:
        text = (
            "is missing. For a connector on this machine give the path of its socket; one in another network comes to "
            "the hub, which needs the setting hub."
        )
        raise errors.invalid([Problem("Attachment.socket", text)])
    return {**attachment, "socket": call.hub.socket(network_id)}


def _id_problems(parameter: str, network_id: str) -> list[Problem]:
    if _NETWORK_ID.fullmatch(network_id):
        return []
    text = "must have 1 to 64 letters, digits, '.', '_' or '-', and start with a letter or digit."
    return [Problem(parameter, text)]


def _shown(call: Call, network: Network, instance_id: str | None) -> dict[str, Any]:
    """With the addresses that the engines of an instance have in it, or all engines."""
    reported = call.nodes.egress_addresses(network.network_id, instance_id)
    # Of its own network and of bastions an engine says nothing; a test of an access does (TestVpcAccess).
    is_attached = bool(reported) or network.attachment["mode"] not in CONNECTORS
    return {
        "network_id": network.network_id,
        "name": network.name,
        "region_id": call.settings.region,
        "attachment": json.dumps(shown(network.attachment), sort_keys=True),
        "is_remote": is_behind(call.hub, network),
        "cidrs": network.cidrs,
        "instances": json.dumps(network.instances, ensure_ascii=False, sort_keys=True),
        "special_addresses": network.special_addresses,
        "egress_addresses": list(dict.fromkeys([*reported, *network.egress_addresses])),
        "state": "ATTACHED" if is_attached else "UNKNOWN",
        "state_reason": None if is_attached else "No engine has reported a connector in this network yet.",
        "created_time": utc_text(network.created_at),
        "modified_time": utc_text(network.modified_at),
    }
