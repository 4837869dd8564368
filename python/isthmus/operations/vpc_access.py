"""Operations on VPC accesses: the right of the gateway to reach exactly one target in one network.

A name is unique and never changes; APIs refer to it. Network, target and port identify an access as well. Each write
puts or removes the access's plan record, so published APIs follow a changed target at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from isthmus import errors
from isthmus.errors import ApiError, Problem
from isthmus.operations.call import Call
from isthmus.operations.fields import name_problems, raise_problems, read_port, tag_problems, text_problems
from isthmus.operations.networks import network_for_access
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.targets import target_problems
from isthmus.operations.times import utc_text
from isthmus.publish.bindings import access_record
from isthmus.store.networks import (
    TAG_TYPE,
    AccessFilter,
    AccessUser,
    VpcAccess,
    add_access,
    find_access,
    find_access_to,
    list_accesses,
    remove_access,
    update_access,
    users_of_access,
)
from isthmus.store.tags import put_tags, tags_of


def set_vpc_access(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    problems = name_problems("Name", params.name, 64) + text_problems("Description", params.description, 180)
    raise_problems(problems + tag_problems(params.tag))
    if find_access(transaction, params.name) is not None:
        text = f"There is already a VPC access {params.name}; choose another Name."
        raise errors.repeated("VpcAccessName", text)
    access = VpcAccess(
        access_id=uuid.uuid4().hex,
        name=params.name,
        network_id=params.vpc_id,
        instance_id=params.instance_id,
        port=read_port("Port", params.port),
        host=params.vpc_target_host_name or "",
        description=params.description or "",
        created_at=transaction.now,
    )
    _check(call, access)
    add_access(transaction, access)
    put_tags(transaction, TAG_TYPE, access.access_id, params.tag or ())
    transaction.records.put(*access_record(access))
    return {"vpc_access_id": access.access_id}


def modify_vpc_access_and_update_apis(call: Call, params: Any) -> Mapping[str, Any]:
    """Partial. There is no task to follow: what is published uses the access by name, so it has changed with it."""
    access = find_access(call.transaction, params.name)
    if access is None:
        raise errors.not_found("VpcAccess", f"There is no VPC access {params.name[:64]}.")
    given = {
        "network_id": params.vpc_id,
        "instance_id": params.instance_id,
        "port": None if params.port is None else read_port("Port", params.port),
        "host": params.vpc_target_host_name,
    }
    changed = replace(access, **{name: value for name, value in given.items() if value is not None})
    _check(call, changed)
    update_access(call.transaction, changed)
    call.transaction.records.put(*access_record(changed))
    return {}


def remove_vpc_access(call: Call, params: Any) -> Mapping[str, Any]:
    """Published APIs that use it stay; their calls fail until the access is there again."""
    if params.need_batch_work:
        text = "This gateway does not take published APIs offline together with their VPC access; abolish them first."
        raise ApiError("NotImplemented", text)
    access = find_access_to(call.transaction, params.vpc_id, params.instance_id, read_port("Port", params.port))
    if access is None:
        text = f"There is no VPC access to port {params.port} of {params.instance_id[:255]} in {params.vpc_id[:64]}."
        raise errors.not_found("VpcAccess", text)
    users = users_of_access(call.transaction, access.name)
    remove_access(call.transaction, access.access_id)
    call.transaction.records.remove("vpc_access", access.name)
    return {"apis": [{"api_id": u.api_id, "group_id": u.group_id, "stage_id": u.stage_id} for u in users]}


def describe_vpc_accesses(call: Call, params: Any) -> Mapping[str, Any]:
    page = page_of(params)
    # Only an explicit false asks for names that contain the text.
    is_fuzzy = params.accurate_query is False
    wanted = AccessFilter(
        access_id=params.vpc_access_id,
        name=None if is_fuzzy else params.name,
        name_part=params.name if is_fuzzy else None,
        network_id=params.vpc_id,
        instance_id=params.instance_id,
        port=None if params.port is None else read_port("Port", params.port),
        tags=params.tag or (),
    )
    found = list_accesses(call.transaction, wanted, page)
    tags = tags_of(call.transaction, TAG_TYPE, [access.access_id for access in found.accesses])
    rows = [{**_shown(call, access), "tags": tags[access.access_id]} for access in found.accesses]
    return {"vpc_access_attributes": rows, **page_fields(page, found.total)}


def describe_apis_by_vpc_access(call: Call, params: Any) -> Mapping[str, Any]:
    page = page_of(params)
    if params.vpc_name is None:
        raise errors.missing("VpcName")
    access = find_access(call.transaction, params.vpc_name)
    if access is None:
        raise errors.not_found("VpcAccess", f"There is no VPC access {params.vpc_name[:64]}.")
    users = users_of_access(call.transaction, access.name)
    start = (page.number - 1) * page.size
    rows = [_user_shown(call, access, user) for user in users[start : start + page.size]]
    return {"api_vpc_access_infos": rows, **page_fields(page, len(users))}


def _check(call: Call, access: VpcAccess) -> None:
    """Whether the gateway may be given this right. Registers the network when nobody has."""
    host = access.host
    problems = text_problems("VpcTargetHostName", host, 255)
    if not all("!" <= character <= "~" for character in host) or any(mark in host for mark in "/?#@"):
        problems.append(Problem("VpcTargetHostName", f"{host[:60]!r} is no host name, with or without a port."))
    problems += text_problems("InstanceId", access.instance_id, 255)
    raise_problems(problems)
    network = network_for_access(call, access.network_id)
    raise_problems(target_problems(network, access.instance_id, call.settings.loopback_backends))
    same = find_access_to(call.transaction, access.network_id, access.instance_id, access.port)
    if same is not None and same.access_id != access.access_id:
        text = f"The VPC access {same.name} has this network, target and port already; use it, or remove it."
        raise errors.repeated("VpcAccess", text)


def _shown(call: Call, access: VpcAccess) -> dict[str, Any]:
    return {
        "vpc_access_id": access.access_id,
        "name": access.name,
        "vpc_id": access.network_id,
        "instance_id": access.instance_id,
        "port": access.port,
        "vpc_target_host_name": access.host,
        "description": access.description,
        "region_id": call.settings.region,
        "created_time": utc_text(access.created_at),
    }


def _user_shown(call: Call, access: VpcAccess, user: AccessUser) -> dict[str, Any]:
    return {
        "api_id": user.api_id,
        "api_name": user.api_name,
        "description": user.description,
        "method": user.method,
        "path": user.path,
        "group_id": user.group_id,
        "group_name": user.group_name,
        "stage_id": user.stage_id,
        "stage_name": user.stage,
        "region_id": call.settings.region,
        "vpc_name": access.name,
        "vpc_id": access.network_id,
        "instance_id": access.instance_id,
        "port": access.port,
    }
