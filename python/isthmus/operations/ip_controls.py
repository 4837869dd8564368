"""Operations on IP-control objects: which addresses may call, or may not.

The older form of the `ipControl` plug-in; `policies.py` binds and lists. Each write acts at once. The kind of a control
(ALLOW or REFUSE) never changes.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from isthmus import errors, native
from isthmus.errors import Problem
from isthmus.model.policy import AddressItem, AddressRules
from isthmus.operations import policies
from isthmus.operations.call import Call
from isthmus.operations.fields import MOST_IDS, name_problems, raise_problems, read_app_id, text_problems
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.times import utc_text
from isthmus.publish.bindings import blocks_of
from isthmus.store import Transaction
from isthmus.store.policies import IP_CONTROL, Policy, PolicyFilter, all_policies, find_policy

_TYPES = ("ALLOW", "REFUSE")
# Source: vendor page "Limits".
_MOST_BLOCKS = 10
_MOST_ITEMS = 100


def create_ip_control(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    control_type = params.ip_control_type.upper()
    problems = _text_problems(params)
    if control_type not in _TYPES:
        problems.append(Problem("IpControlType", "must be ALLOW or REFUSE."))
    rules = AddressRules(control_type)
    for number, given in enumerate(params.ip_control_policys or (), start=1):
        where = f"IpControlPolicys.{number}"
        item = _item(transaction, rules, given.get("cidr_ip") or "", given.get("app_id"), where, problems)
        rules = replace(rules, items=(*rules.items, item))
    raise_problems(problems)
    _check_room(rules)
    policy = Policy(
        policy_id=uuid.uuid4().hex,
        kind=IP_CONTROL,
        name=params.ip_control_name,
        description=params.description or "",
        content=rules,
        created_at=transaction.now,
        modified_at=transaction.now,
    )
    policies.add_new(transaction, policy, call.settings.policies_limit)
    return {"ip_control_id": policy.policy_id}


def modify_ip_control(call: Call, params: Any) -> Mapping[str, Any]:
    """Name and description, each kept when it is absent."""
    policy, _ = _require(call.transaction, params)
    raise_problems(_text_problems(params))
    policies.change(call.transaction, policy, name=params.ip_control_name, description=params.description)
    return {}


def delete_ip_control(call: Call, params: Any) -> Mapping[str, Any]:
    """Succeeds when there is none, as at the vendor."""
    policy = find_policy(call.transaction, IP_CONTROL, params.ip_control_id)
    if policy is not None:
        policies.delete(call.transaction, policy)
    return {}


def describe_ip_controls(call: Call, params: Any) -> Mapping[str, Any]:
    wanted = PolicyFilter(IP_CONTROL, params.ip_control_id, params.ip_control_name)
    if params.ip_control_type is None:
        found, fields = policies.list_of_kind(call, wanted, params)
    else:
        found, fields = _of_type(call, wanted, params)
    return {"ip_control_infos": [_shown(call, policy) for policy in found], **fields}


def add_ip_control_policy_item(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    policy, rules = _require(transaction, params)
    problems: list[Problem] = []
    item = _item(transaction, rules, params.cidr_ip, params.app_id, "", problems)
    raise_problems(problems)
    rules = replace(rules, items=(*rules.items, item))
    _check_room(rules)
    policies.change(transaction, policy, content=rules)
    return {"policy_item_id": item.policy_item_id}


def modify_ip_control_policy_item(call: Call, params: Any) -> Mapping[str, Any]:
    """Full: without `AppId` the item is about every app."""
    transaction = call.transaction
    policy, rules = _require(transaction, params)
    known = {item.policy_item_id: item for item in rules.items}
    if params.policy_item_id not in known:
        text = f"The IP control {policy.name} has no item {params.policy_item_id[:64]}."
        raise errors.not_found("PolicyItem", text)
    problems: list[Problem] = []
    item = _item(transaction, rules, params.cidr_ip, params.app_id, "", problems)
    raise_problems(problems)
    kept = known[params.policy_item_id]
    known[kept.policy_item_id] = replace(item, policy_item_id=kept.policy_item_id, created_at=kept.created_at)
    policies.change(transaction, policy, content=replace(rules, items=tuple(known.values())))
    return {}


def remove_ip_control_policy_item(call: Call, params: Any) -> Mapping[str, Any]:
    """Ids with `;` between them; one that is not there is gone already."""
    policy, rules = _require(call.transaction, params)
    gone = [part.strip() for part in params.policy_item_ids.split(";") if part.strip()]
    if len(gone) > MOST_IDS:
        text = f"has {len(gone)} ids; send at most {MOST_IDS} in one call."
        raise errors.invalid([Problem("PolicyItemIds", text)])
    left = tuple(item for item in rules.items if item.policy_item_id not in gone)
    policies.change(call.transaction, policy, content=replace(rules, items=left))
    return {}


def describe_ip_control_policy_items(call: Call, params: Any) -> Mapping[str, Any]:
    page = page_of(params)
    if params.ip_control_id is None:
        raise errors.missing("IpControlId")
    _, rules = _require(call.transaction, params)
    items = [item for item in rules.items if params.policy_item_id in (None, item.policy_item_id)]
    start = (page.number - 1) * page.size
    rows = [
        {
            "policy_item_id": item.policy_item_id,
            "cidr_ip": item.cidr_ip,
            "app_id": None if item.app_id is None else str(item.app_id),
            "create_time": utc_text(item.created_at),
            "modified_time": utc_text(item.modified_at),
        }
        for item in items[start : start + page.size]
    ]
    return {"ip_control_policy_items": rows, **page_fields(page, len(items))}


def set_ip_control_apis(call: Call, params: Any) -> Mapping[str, Any]:
    return policies.bind(call, _require(call.transaction, params)[0], params)


def remove_ip_control_apis(call: Call, params: Any) -> Mapping[str, Any]:
    return policies.unbind(call, _require(call.transaction, params)[0], params)


def describe_apis_by_ip_control(call: Call, params: Any) -> Mapping[str, Any]:
    return policies.apis_of_policy(call, _require(call.transaction, params)[0], params)


def describe_api_ip_controls(call: Call, params: Any) -> Mapping[str, Any]:
    rows, page = policies.bound_in_group(call, IP_CONTROL, params)
    return {"api_ip_controls": policies.renamed(rows, "ip_control"), **page}


def _require(transaction: Transaction, params: Any) -> tuple[Policy, AddressRules]:
    policy = policies.require_policy(transaction, IP_CONTROL, params.ip_control_id)
    assert isinstance(policy.content, AddressRules)
    return policy, policy.content


def _of_type(call: Call, wanted: PolicyFilter, params: Any) -> tuple[list[Policy], dict[str, int]]:
    """The type is in what is sealed, so these are looked through here."""
    page = page_of(params)
    found = [policy for policy in all_policies(call.transaction, IP_CONTROL) if _fits(policy, wanted, params)]
    start = (page.number - 1) * page.size
    return found[start : start + page.size], page_fields(page, len(found))


def _fits(policy: Policy, wanted: PolicyFilter, params: Any) -> bool:
    rules = policy.content
    assert isinstance(rules, AddressRules)
    is_named = wanted.name_part is None or wanted.name_part.lower() in policy.name.lower()
    is_meant = wanted.policy_id in (None, policy.policy_id)
    return is_named and is_meant and rules.control_type == params.ip_control_type.upper()


def _item(
    transaction: Transaction,
    rules: AddressRules,
    cidr_ip: str,
    app_id: str | None,
    where: str,
    problems: list[Problem],
) -> AddressItem:
    """What is wrong is added to `problems`, with `where` before the parameter's name."""
    place = f"{where}.CidrIp" if where else "CidrIp"
    blocks = blocks_of(cidr_ip)
    if not blocks:
        problems.append(Problem(place, "is required: addresses or CIDR blocks with ; between them."))
    if len(blocks) > _MOST_BLOCKS:
        problems.append(Problem(place, f"has {len(blocks)} blocks; an item has at most {_MOST_BLOCKS}."))
    elif blocks:
        checked = native.check_plugin(IP_CONTROL, {"type": "ALLOW", "items": [{"blocks": blocks}]})
        problems += [Problem(place, f"{one['problem']}.") for one in checked]
    number = None
    if app_id is not None and app_id.strip():
        if rules.control_type == "REFUSE":
            place = f"{where}.AppId" if where else "AppId"
            problems.append(Problem(place, "belongs to ALLOW only; leave it out."))
        else:
            number = read_app_id("AppId", app_id)
    return AddressItem(uuid.uuid4().hex, cidr_ip, transaction.now, transaction.now, number)


def _check_room(rules: AddressRules) -> None:
    if len(rules.items) > _MOST_ITEMS:
        text = f"An IP control has at most {_MOST_ITEMS} items; remove some, or put several blocks into one."
        raise errors.exceed_limit("IpControlPolicyItem", text)


def _text_problems(params: Any) -> list[Problem]:
    problems = name_problems("IpControlName", params.ip_control_name, 50)
    return problems + text_problems("Description", params.description, 200)


def _shown(call: Call, policy: Policy) -> dict[str, Any]:
    rules = policy.content
    assert isinstance(rules, AddressRules)
    return {
        "ip_control_id": policy.policy_id,
        "ip_control_name": policy.name,
        "ip_control_type": rules.control_type,
        "description": policy.description,
        "region_id": call.settings.region,
        "create_time": utc_text(policy.created_at),
        "modified_time": utc_text(policy.modified_at),
    }
