"""Operations on instances: the shared one, which is there from the start.

Its egress addresses are what backends see: those that the engines report, and those entered for a network.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus.operations.call import Call
from isthmus.operations.paging import page_fields, page_of
from isthmus.store.networks import all_networks

SHARED_INSTANCE = "api-shared-vpc-001"
SHARED_INSTANCE_TYPE = "VPC_SHARED"
# Documented for this operation.
_LARGEST_PAGE = 500


def describe_instances(call: Call, params: Any) -> Mapping[str, Any]:
    page = page_of(params, _LARGEST_PAGE)
    is_wanted = params.instance_id in (None, SHARED_INSTANCE) and not params.tag
    is_wanted = is_wanted and (params.instance_type or SHARED_INSTANCE_TYPE).upper() == SHARED_INSTANCE_TYPE
    rows = [_shared_instance(call)] if is_wanted else []
    return {"instances": rows if page.number == 1 else [], **page_fields(page, len(rows))}


def _shared_instance(call: Call) -> dict[str, Any]:
    addresses = ",".join(egress_addresses(call))
    return {
        "instance_id": SHARED_INSTANCE,
        "instance_name": SHARED_INSTANCE,
        "instance_type": SHARED_INSTANCE_TYPE,
        "status": "RUNNING",
        "region_id": call.settings.region,
        "https_policies": "HTTPS2_TLS1_2",
        "vpc_egress_address": addresses,
        "new_vpc_egress_address": addresses,
        "egress_ipv6_enable": False,
        "support_ipv6": False,
    }


def egress_addresses(call: Call) -> list[str]:
    """Without repetition, in the order of the networks."""
    found: dict[str, None] = {}
    for network in all_networks(call.transaction):
        reported = call.nodes.egress_addresses(network.network_id)
        found.update(dict.fromkeys([*reported, *network.egress_addresses]))
    return list(found)
