"""Operations on access control lists: addresses that may reach an instance, or may not.

A list acts where an instance has it enabled; every change puts the plan records of those instances. Invariant: an
entry's text comes back as it was given.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.operations.call import Call
from isthmus.operations.fields import raise_problems
from isthmus.operations.instances import put_instance_record, require_instance
from isthmus.operations.paging import page_fields, page_of
from isthmus.store import Transaction
from isthmus.store.instances import (
    AccessList,
    add_access_list,
    apply_list,
    entries_of,
    find_access_list,
    instances_of_list,
    lift_list,
    list_access_lists,
    lists_of_instance,
    put_entries,
    remove_access_list,
    remove_entries,
    rename_access_list,
)

_NAME = re.compile(r"[\w./-]{1,30}")
_MOST_ENTRIES = 50
_VERSIONS = ("ipv4", "ipv6")


def create_access_control_list(call: Call, params: Any) -> Mapping[str, Any]:
    version = (params.address_ip_version or "ipv4").lower()
    problems = _name_problems(params.acl_name)
    if version not in _VERSIONS:
        problems.append(Problem("AddressIPVersion", "must be ipv4 or ipv6."))
    raise_problems(problems)
    return {"acl_id": add_access_list(call.transaction, params.acl_name, version)}


def delete_access_control_list(call: Call, params: Any) -> Mapping[str, Any]:
    acl = _require(call.transaction, params.acl_id)
    used = instances_of_list(call.transaction, acl.acl_id)
    if used:
        text = f"The list is enabled for {', '.join(used)}; disable it there first."
        raise errors.dependency_violation("AccessControlList", text)
    remove_access_list(call.transaction, acl.acl_id)
    return {}


def describe_access_control_lists(call: Call, params: Any) -> Mapping[str, Any]:
    page = page_of(params)
    version = params.address_ip_version.lower() if params.address_ip_version else None
    found = list_access_lists(call.transaction, params.acl_name, version, page)
    return {"acls": [_names(acl) for acl in found.lists], **page_fields(page, found.total)}


def describe_access_control_list_attribute(call: Call, params: Any) -> Mapping[str, Any]:
    acl = find_access_list(call.transaction, params.acl_id or "")
    if acl is None:
        # The code by which the vendor's Terraform provider knows that a list is gone.
        raise errors.single("InvokeSlbApiFail", f"There is no access control list {(params.acl_id or '')[:64]}.")
    entries = entries_of(call.transaction, acl.acl_id)
    shown = [{"acl_entry_ip": entry, "acl_entry_comment": comment} for entry, comment in entries.items()]
    return {**_names(acl), "acl_entrys": shown}


def set_access_control_list_attribute(call: Call, params: Any) -> Mapping[str, Any]:
    acl = _require(call.transaction, params.acl_id)
    raise_problems(_name_problems(params.acl_name))
    rename_access_list(call.transaction, acl.acl_id, params.acl_name)
    return {}


def add_access_control_list_entry(call: Call, params: Any) -> Mapping[str, Any]:
    acl = _require(call.transaction, params.acl_id)
    put_entries(call.transaction, acl.acl_id, _read_entries(params.acl_entrys, acl))
    _put_records(call, acl)
    return {}


def remove_access_control_list_entry(call: Call, params: Any) -> Mapping[str, Any]:
    """An entry that is not there is gone already."""
    acl = _require(call.transaction, params.acl_id)
    remove_entries(call.transaction, acl.acl_id, _read_entries(params.acl_entrys, acl))
    _put_records(call, acl)
    return {}


def enable_instance_access_control(call: Call, params: Any) -> Mapping[str, Any]:
    instance = require_instance(call.transaction, params.instance_id)
    acl = _require(call.transaction, params.acl_id)
    _check_version(params.address_ip_version, acl)
    acl_type = params.acl_type.lower()
    if acl_type not in ("black", "white"):
        raise errors.invalid([Problem("AclType", "must be black or white.")])
    apply_list(call.transaction, instance.instance_id, acl, acl_type)
    put_instance_record(call.transaction, instance)
    return {}


def disable_instance_access_control(call: Call, params: Any) -> Mapping[str, Any]:
    instance = require_instance(call.transaction, params.instance_id)
    known = find_access_list(call.transaction, params.acl_id)
    if known is not None:
        _check_version(params.address_ip_version, known)
    for version, applied in lists_of_instance(call.transaction, instance.instance_id).items():
        if applied.acl.acl_id == params.acl_id:
            lift_list(call.transaction, instance.instance_id, version)
    put_instance_record(call.transaction, instance)
    return {}


def _check_version(version: str | None, acl: AccessList) -> None:
    """A list binds addresses of its own version of IP. Raises: ApiError."""
    if version and version.lower() != acl.ip_version:
        text = f"{version[:20]!r} is not {acl.ip_version}, the version of the list {acl.acl_id}."
        raise errors.invalid([Problem("AddressIPVersion", text)])


def _put_records(call: Call, acl: AccessList) -> None:
    for instance_id in instances_of_list(call.transaction, acl.acl_id):
        put_instance_record(call.transaction, require_instance(call.transaction, instance_id))


def _require(transaction: Transaction, acl_id: str) -> AccessList:
    acl = find_access_list(transaction, acl_id)
    if acl is None:
        raise errors.not_found("AccessControlList", f"There is no access control list {acl_id[:64]}.")
    return acl


def _names(acl: AccessList) -> dict[str, str]:
    return {"acl_id": acl.acl_id, "acl_name": acl.name, "address_ip_version": acl.ip_version}


def _name_problems(name: str) -> list[Problem]:
    if _NAME.fullmatch(name):
        return []
    return [Problem("AclName", "must have 1 to 30 letters, digits and characters of '.-/_'.")]


def _read_entries(text: str | None, acl: AccessList) -> dict[str, str]:
    """Entry → comment, from `[{"entry": …, "comment": …}]` with keys in any case. Raises: ApiError."""
    try:
        read = json.loads(text or "")
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, list) or not read or not all(isinstance(one, dict) for one in read):
        raise errors.invalid([Problem("AclEntrys", 'must be a JSON list, such as [{"entry": "192.0.2.0/24"}].')])
    if len(read) > _MOST_ENTRIES:
        raise errors.invalid([Problem("AclEntrys", f"has {len(read)} entries; send at most {_MOST_ENTRIES}.")])
    entries, problems = {}, []
    for number, one in enumerate(read):
        given = {str(key).lower(): value for key, value in one.items()}
        entry, comment = given.get("entry"), given.get("comment") or ""
        place = f"AclEntrys[{number}]"
        if not isinstance(entry, str) or len(entry) > 255 or not isinstance(comment, str) or len(comment) > 255:
            problems.append(Problem(place, "needs an entry and perhaps a comment, texts of at most 255 characters."))
            continue
        wrong = [block for block in entry.split(",") if not _is_block(block.strip(), acl.ip_version)]
        if wrong:
            problems.append(Problem(place, f"{wrong[0][:60]!r} is not an {acl.ip_version} address or block."))
        if entry in entries:
            problems.append(Problem(place, f"{entry[:60]!r} is there twice."))
        entries[entry] = comment
    raise_problems(problems)
    return entries


def _is_block(text: str, version: str) -> bool:
    # The standard library also reads netmasks and zones, which the engine does not.
    if not re.fullmatch(r"[0-9A-Fa-f.:]+(?:/[0-9]{1,3})?", text):
        return False
    try:
        return f"ipv{ipaddress.ip_network(text, strict=False).version}" == version
    except ValueError:
        return False
