"""Operations on instances: the shared one, which is there from the start, and dedicated ones.

Nothing is sold here: an order is carried out at once. An engine serves the groups of all instances, or of the one that
its setting `instance` names. What an instance's record says (TLS, calls a second, access lists) holds for its groups. Egress addresses are what backends see:
those that the engines report, and those entered for a network.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from isthmus import errors
from isthmus.errors import ApiError, Problem
from isthmus.operations.call import Call
from isthmus.operations.fields import name_problems, raise_problems, tag_problems, text_problems
from isthmus.operations.instance_rules import REQUESTS_PER_SECOND, oldest_tls, policy_problems, spec_problems
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.times import utc_text
from isthmus.publish.bindings import instance_record
from isthmus.store import Transaction
from isthmus.store.instances import (
    SHARED_INSTANCE,
    TAG_TYPE,
    Instance,
    InstanceFilter,
    add_instance,
    count_groups_of_instance,
    entries_of,
    find_instance,
    find_instance_by_token,
    list_instances,
    lists_of_instance,
    remove_instance,
    update_instance,
)
from isthmus.store.networks import Network, all_networks, find_network
from isthmus.store.tags import put_tags, tags_of

SHARED_INSTANCE_TYPE = "VPC_SHARED"
_DEDICATED_TYPE = "VPC_DEDICATED"
_DEFAULT_POLICY = "HTTPS2_TLS1_2"
# Documented for this operation.
_LARGEST_PAGE = 500
# Shown by the vendor's clients; it lasts as long as nobody deletes it.
_CHARGE_TYPES = {"POSTPAY": "PayAsYouGo", "PAYASYOUGO": "PayAsYouGo", "PREPAY": "PrePaid", "PREPAID": "PrePaid"}
# What ModifyInstanceAttribute carries for private networks of the vendor's own kind; networks are attached elsewhere.
_UNSUPPORTED = {
    "delete_vpc_ip_block": "DeleteVpcIpBlock",
    "intranet_segments": "IntranetSegments",
    "to_connect_vpc_ip_block": "ToConnectVpcIpBlock",
    "vpc_slb_intranet_enable": "VpcSlbIntranetEnable",
}


# What CreateInstance carries for them.
_UNSUPPORTED_ORDERS = {
    "instance_cidr": "InstanceCidr",
    "user_vpc_id": "UserVpcId",
    "zone_v_switch_security_group": "ZoneVSwitchSecurityGroup",
}

# What ModifyInstanceVpcAttributeForConsole sets.
_USER_VPC = ("user_vpc_id", "user_vswitch_id", "vpc_owner_id")


def create_instance(call: Call, params: Any) -> Mapping[str, Any]:
    """The same Token is the same instance."""
    transaction = call.transaction
    known = find_instance_by_token(transaction, params.token) if params.token else None
    if known is not None:
        return {"instance_id": known.instance_id, "tag_status": True}
    _refuse_unsupported(params, _UNSUPPORTED_ORDERS, "CreateInstance")
    policy = params.https_policy or _DEFAULT_POLICY
    charge = _CHARGE_TYPES.get((params.charge_type or "POSTPAY").upper())
    problems = name_problems("InstanceName", params.instance_name, 64) + text_problems("Token", params.token, 128, 1)
    problems += spec_problems(params.instance_spec) + policy_problems(policy) + tag_problems(params.tag)
    problems += text_problems("ZoneId", params.zone_id, 64)
    if charge is None:
        problems.append(Problem("ChargeType", "must be POSTPAY or PREPAY."))
    if (params.instance_type or "normal").lower() != "normal":
        text = "must be normal: private networks are attached with networks and connectors here."
        problems.append(Problem("InstanceType", text))
    raise_problems(problems)
    instance_id = f"apigateway-{call.settings.region.split('-', 1)[0]}-{uuid.uuid4().hex[:12]}"
    ordered = {"instance_spec": params.instance_spec, "charge_type": charge, "zone_id": params.zone_id or ""}
    instance = Instance(instance_id, params.instance_name, policy, ordered, params.token or None, transaction.now)
    add_instance(transaction, instance)
    put_tags(transaction, TAG_TYPE, instance_id, params.tag or ())
    put_instance_record(transaction, instance)
    return {"instance_id": instance_id, "tag_status": True}


def delete_instance(call: Call, params: Any) -> Mapping[str, Any]:
    instance = require_instance(call.transaction, params.instance_id)
    if instance.instance_id == SHARED_INSTANCE:
        raise errors.invalid([Problem("InstanceId", "the shared instance cannot be deleted.")])
    groups = count_groups_of_instance(call.transaction, instance.instance_id)
    if groups:
        text = f"The instance serves {groups} group(s); move them with ModifyApiGroupInstance or delete them first."
        raise errors.dependency_violation("ApiGroup", text)
    remove_instance(call.transaction, instance.instance_id)
    call.transaction.records.remove("instance", instance.instance_id)
    return {}


def modify_instance_attribute(call: Call, params: Any) -> Mapping[str, Any]:
    """Partial: what is absent keeps its value."""
    _refuse_unsupported(params, _UNSUPPORTED, "ModifyInstanceAttribute")
    instance = require_instance(call.transaction, params.instance_id)
    problems = name_problems("InstanceName", params.instance_name, 64)
    problems += policy_problems(params.https_policy) if params.https_policy else []
    configuration = dict(instance.configuration)
    for name, wire_name in (("maintain_start_time", "MaintainStartTime"), ("maintain_end_time", "MaintainEndTime")):
        value = getattr(params, name)
        if value is not None:
            if not re.fullmatch(r"[0-9]{2}:[0-9]{2}Z?", value):
                problems.append(Problem(wire_name, "must be a time such as 18:00Z."))
            configuration[name] = value
    for name, wire_name in (("egress_ipv6_enable", "EgressIpv6Enable"), ("ipv6_enabled", "IPV6Enabled")):
        value = getattr(params, name)
        if value is not None:
            if value.lower() not in ("true", "false"):
                problems.append(Problem(wire_name, "must be true or false."))
            configuration[name] = value.lower() == "true"
    raise_problems(problems)
    changed = replace(
        instance,
        name=params.instance_name or instance.name,
        https_policy=params.https_policy or instance.https_policy,
        configuration=configuration,
    )
    update_instance(call.transaction, changed)
    put_instance_record(call.transaction, changed)
    return {}


def modify_instance_spec(call: Call, params: Any) -> Mapping[str, Any]:
    instance = require_instance(call.transaction, params.instance_id)
    if instance.instance_id == SHARED_INSTANCE:
        raise errors.invalid([Problem("InstanceId", "the shared instance has no specification.")])
    raise_problems(spec_problems(params.instance_spec))
    configuration = {**instance.configuration, "instance_spec": params.instance_spec}
    changed = replace(instance, configuration=configuration)
    update_instance(call.transaction, changed)
    put_instance_record(call.transaction, changed)
    return {}


def modify_instance_vpc_attribute_for_console(call: Call, params: Any) -> Mapping[str, Any]:
    """Which private network of the owner's an instance belongs to; clients in it reach the engines' own addresses."""
    instance = require_instance(call.transaction, params.instance_id)
    problems = text_problems("VswitchId", params.vswitch_id, 64)
    raise_problems(problems)
    if find_network(call.transaction, params.vpc_id) is None:
        raise errors.not_found("Vpc", f"There is no network {params.vpc_id[:64]}; register it with CreateNetwork.")
    configuration = {name: value for name, value in instance.configuration.items() if name not in _USER_VPC}
    if not params.delete_vpc_access:
        given = (params.vpc_id, params.vswitch_id or "", params.vpc_owner_id)
        configuration.update({name: value for name, value in zip(_USER_VPC, given, strict=True) if value is not None})
    update_instance(call.transaction, replace(instance, configuration=configuration))
    return {}


def describe_instances(call: Call, params: Any) -> Mapping[str, Any]:
    page = page_of(params, _LARGEST_PAGE)
    wanted = InstanceFilter(params.instance_id, tags=params.tag or ())
    kind = (params.instance_type or "").upper()
    if kind == SHARED_INSTANCE_TYPE:
        is_meant = params.instance_id in (None, SHARED_INSTANCE)
        wanted = replace(wanted, instance_id=SHARED_INSTANCE if is_meant else "")
    elif kind == _DEDICATED_TYPE:
        wanted = replace(wanted, without=SHARED_INSTANCE)
    elif kind:
        wanted = replace(wanted, instance_id="")
    found = list_instances(call.transaction, wanted, page)
    tags = tags_of(call.transaction, TAG_TYPE, [instance.instance_id for instance in found.instances])
    rows = []
    networks = all_networks(call.transaction)
    for instance in found.instances:
        addresses = ",".join(_egress_addresses(call, networks, instance.instance_id))
        rows.append({**_attributes(call, instance, addresses), "tags": tags[instance.instance_id]})
    return {"instances": rows, **page_fields(page, found.total)}


def _refuse_unsupported(params: Any, unsupported: Mapping[str, str], operation: str) -> None:
    """`false` asks for nothing: Terraform's provider sends it with every change of an instance."""
    given = [wire_name for name, wire_name in unsupported.items() if getattr(params, name) not in (None, "", "false")]
    if given:
        text = (
            f"This gateway does not implement {', '.join(given)} of {operation}: attach private networks with networks."
        )
        raise ApiError("NotImplemented", text)


def require_instance(transaction: Transaction, instance_id: str) -> Instance:
    """Raises: ApiError."""
    instance = find_instance(transaction, instance_id)
    if instance is None:
        raise errors.not_found("Instance", f"There is no instance {instance_id[:64]}.")
    return instance


def instance_type(instance_id: str) -> str:
    return SHARED_INSTANCE_TYPE if instance_id == SHARED_INSTANCE else _DEDICATED_TYPE


def put_instance_record(transaction: Transaction, instance: Instance) -> None:
    access = []
    for version, applied in lists_of_instance(transaction, instance.instance_id).items():
        entries = entries_of(transaction, applied.acl.acl_id)
        blocks = [block.strip() for entry in entries for block in entry.split(",")]
        access.append({"version": version, "mode": applied.acl_type, "blocks": blocks})
    limit = REQUESTS_PER_SECOND.get(instance.configuration.get("instance_spec", ""))
    record = instance_record(instance.instance_id, oldest_tls(instance.https_policy), limit, access)
    transaction.records.put(*record)


def egress_addresses(call: Call) -> list[str]:
    """Without repetition, in the order of the networks."""
    return _egress_addresses(call, all_networks(call.transaction))


def _egress_addresses(call: Call, networks: Sequence[Network], instance_id: str | None = None) -> list[str]:
    """Those of one instance's engines, or of all."""
    found: dict[str, None] = {}
    for network in networks:
        reported = call.nodes.egress_addresses(network.network_id, instance_id)
        found.update(dict.fromkeys([*reported, *network.egress_addresses]))
    return list(found)


def _attributes(call: Call, instance: Instance, addresses: str) -> dict[str, Any]:
    configuration = instance.configuration
    kind = instance_type(instance.instance_id)
    shown: dict[str, Any] = {
        "instance_id": instance.instance_id,
        "instance_name": instance.name,
        "instance_type": kind,
        "status": "RUNNING",
        "region_id": call.settings.region,
        "https_policies": instance.https_policy,
        "vpc_egress_address": addresses,
        "new_vpc_egress_address": addresses,
        "egress_ipv6_enable": configuration.get("egress_ipv6_enable", False),
        "support_ipv6": configuration.get("ipv6_enabled", False),
        **{name: configuration.get(name) for name in _USER_VPC},
    }
    if kind == _DEDICATED_TYPE:
        spec = configuration["instance_spec"]
        shown |= {
            "dedicated_instance_type": "normal",
            "instance_charge_type": configuration["charge_type"],
            "instance_spec": spec,
            "instance_rps_limit": REQUESTS_PER_SECOND[spec],
            "zone_id": configuration["zone_id"],
            "created_time": utc_text(instance.created_at),
            "maintain_start_time": configuration.get("maintain_start_time"),
            "maintain_end_time": configuration.get("maintain_end_time"),
        }
    return {**shown, **_acl_fields(call.transaction, instance.instance_id)}


def _acl_fields(transaction: Transaction, instance_id: str) -> dict[str, str]:
    fields = {}
    for version, applied in lists_of_instance(transaction, instance_id).items():
        stem = "acl" if version == "ipv4" else "ipv6_acl"
        names = {"id": applied.acl.acl_id, "name": applied.acl.name, "type": applied.acl_type, "status": "on"}
        fields.update({f"{stem}_{name}": value for name, value in names.items()})
    return fields
