"""Operations on VPC accesses: the right of the gateway to reach exactly one target in one network.

A name is unique and never changes; APIs refer to it. Network, target and port identify an access as well. Each write
puts or removes the access's plan record, so published APIs follow a changed target at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.model.targets import AccessOptions
from isthmus.operations.access_targets import check_targets, read_options, show_options
from isthmus.operations.batches import ABOLISH_TASK, abolish_for_report
from isthmus.operations.call import Call
from isthmus.operations.fields import name_problems, raise_problems, read_port, tag_problems, text_problems
from isthmus.operations.networks import network_for_access
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.targets import target_problems
from isthmus.operations.times import utc_text
from isthmus.publish.bindings import access_record
from isthmus.store.access_options import find_options, options_of, put_options
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
from isthmus.store.tasks import add_task, find_task

_UPDATE = "vpc_access"


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
    options = read_options(params, AccessOptions())
    _check(call, access, options)
    add_access(transaction, access)
    put_options(transaction, access.access_id, options)
    put_tags(transaction, TAG_TYPE, access.access_id, params.tag or ())
    transaction.records.put(*access_record(access, options))
    return {"vpc_access_id": access.access_id}


def modify_vpc_access_and_update_apis(call: Call, params: Any) -> Mapping[str, Any]:
    """Partial. What is published uses the access by name, so it has changed with it; a task tells which APIs these are."""
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
    options = read_options(params, find_options(call.transaction, access.access_id))
    _check(call, changed, options)
    update_access(call.transaction, changed)
    put_options(call.transaction, access.access_id, options)
    call.transaction.records.put(*access_record(changed, options))
    if not params.need_batch_work:
        return {}
    results = [_updated(user) for user in users_of_access(call.transaction, changed.name)]
    return {"operation_id": add_task(call.transaction, _UPDATE, results)}


def describe_update_vpc_info_task(call: Call, params: Any) -> Mapping[str, Any]:
    result = find_task(call.transaction, _UPDATE, params.operation_uid)
    if result is None:
        text = f"There is no update of a VPC access {params.operation_uid[:64]}; reports are kept for a week."
        raise errors.not_found("Operation", text)
    return {"api_update_vpc_info_results": result}


def remove_vpc_access(call: Call, params: Any) -> Mapping[str, Any]:
    """Published APIs that use it stay, and their calls fail until it is there again; `NeedBatchWork` abolishes them."""
    access = _require_target(call, params)
    users = users_of_access(call.transaction, access.name)
    if params.need_batch_work:
        _abolish(call, users)
    _remove(call, access)
    return {"apis": [{"api_id": u.api_id, "group_id": u.group_id, "stage_id": u.stage_id} for u in users]}


def remove_vpc_access_and_abolish_apis(call: Call, params: Any) -> Mapping[str, Any]:
    """With `NeedBatchWork`, or without saying so, the published APIs that use it go first."""
    access = _require_target(call, params)
    users = users_of_access(call.transaction, access.name) if params.need_batch_work is not False else []
    results = _abolish(call, users)
    _remove(call, access)
    return {"operation_id": add_task(call.transaction, ABOLISH_TASK, results)}


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
    options = options_of(call.transaction, [access.access_id for access in found.accesses])
    rows = [
        {
            **_shown(call, access),
            **show_options(options.get(access.access_id, AccessOptions())),
            "tags": tags[access.access_id],
        }
        for access in found.accesses
    ]
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


def _require_target(call: Call, params: Any) -> VpcAccess:
    """Raises: ApiError."""
    access = find_access_to(call.transaction, params.vpc_id, params.instance_id, read_port("Port", params.port))
    if access is None:
        text = f"There is no VPC access to port {params.port} of {params.instance_id[:255]} in {params.vpc_id[:64]}."
        raise errors.not_found("VpcAccess", text)
    return access


def _abolish(call: Call, users: Sequence[AccessUser]) -> list[dict[str, Any]]:
    return [abolish_for_report(call, user.api_id, user.group_id, user.stage, user.stage_id) for user in users]


def _remove(call: Call, access: VpcAccess) -> None:
    remove_access(call.transaction, access.access_id)
    call.transaction.records.remove("vpc_access", access.name)


def _updated(user: AccessUser) -> dict[str, Any]:
    return {
        "api_uid": user.api_id,
        "api_name": user.api_name,
        "group_id": user.group_id,
        "group_name": user.group_name,
        "stage_id": user.stage_id,
        "stage_name": user.stage,
        "update_status": "OVER",
        "error_msg": "Success. Request Success.",
    }


def _check(call: Call, access: VpcAccess, options: AccessOptions) -> None:
    """Whether the gateway may be given this right. Registers the network when nobody has."""
    host = access.host
    problems = text_problems("VpcTargetHostName", host, 255)
    if not all("!" <= character <= "~" for character in host) or any(mark in host for mark in "/?#@"):
        problems.append(Problem("VpcTargetHostName", f"{host[:60]!r} is no host name, with or without a port."))
    problems += text_problems("InstanceId", access.instance_id, 255)
    raise_problems(problems)
    network = network_for_access(call, access.network_id)
    raise_problems(target_problems(network, access.instance_id, call.settings.loopback_backends))
    check_targets(network, access, options, call.settings.loopback_backends)
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
