"""What the older policy objects share: finding one, binding it to APIs of a stage, and listing what is bound.

Called by `traffic_controls.py`, `ip_controls.py` and `signatures.py`, by `plugin_bindings.py` when a plug-in of the same
type comes or goes, and by `apis.py`. Invariant: an engine has at most one of a type for an API and stage. A plug-in that
is bound to the API itself acts in place of a policy; the policy acts in place of a plug-in of the group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from isthmus import errors
from isthmus.operations.apis import require_api
from isthmus.operations.call import Call
from isthmus.operations.fields import read_ids
from isthmus.operations.groups import require_group
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.policy_precedence import settle
from isthmus.operations.stages import require_stage
from isthmus.operations.times import utc_text
from isthmus.publish.bindings import policy_record
from isthmus.store import Transaction
from isthmus.store.policies import (
    IP_CONTROL,
    SIGNATURE,
    TRAFFIC_CONTROL,
    BoundFilter,
    Policy,
    PolicyBinding,
    PolicyFilter,
    add_policy,
    count_policies,
    find_policy,
    find_policy_binding,
    is_name_taken,
    list_bound,
    list_policies,
    put_policy_binding,
    remove_policy,
    remove_policy_binding,
    update_policy,
)
from isthmus.store.selection import Page


class Words(NamedTuple):
    """How the vendor's codes and our sentences name a kind."""

    subject: str
    sentence: str


WORDS = {
    TRAFFIC_CONTROL: Words("TrafficControl", "traffic control"),
    IP_CONTROL: Words("IpControl", "IP control"),
    SIGNATURE: Words("Signature", "signature"),
}
# An API has one of a kind in a stage.
_ALL = Page(1, 10)


def require_policy(transaction: Transaction, kind: str, policy_id: str) -> Policy:
    """Raises: ApiError."""
    policy = find_policy(transaction, kind, policy_id)
    if policy is None:
        words = WORDS[kind]
        raise errors.not_found(words.subject, f"There is no {words.sentence} {policy_id[:64]}.")
    return policy


def add_new(transaction: Transaction, policy: Policy, most: int) -> None:
    """Raises: ApiError when there are as many as the setting allows, or the name is taken."""
    words = WORDS[policy.kind]
    _check_name(transaction, policy)
    if count_policies(transaction, policy.kind) >= most:
        text = f"There are {most} {words.sentence} objects already, the limit that policies_limit sets."
        raise errors.exceed_limit(words.subject, text)
    add_policy(transaction, policy)
    transaction.records.put(*policy_record(policy))


def change(transaction: Transaction, policy: Policy, **changes: Any) -> Policy:
    """At once wherever it is bound; None means unchanged. Raises: ApiError when the new name is taken."""
    given = {name: value for name, value in changes.items() if value is not None}
    changed = replace(policy, **given, modified_at=transaction.now)
    if changed.name != policy.name:
        _check_name(transaction, changed)
    update_policy(transaction, changed)
    transaction.records.put(*policy_record(changed))
    return changed


def delete(transaction: Transaction, policy: Policy) -> None:
    """Raises: ApiError while it is bound."""
    words = WORDS[policy.kind]
    bound = list_bound(transaction, BoundFilter(policy.kind, policy.policy_id), Page(1, 5))
    if bound.total:
        where = ", ".join(f"{row.api_id} in {row.stage}" for row in bound.rows)
        more = " and more" if bound.total > len(bound.rows) else ""
        text = f"The {words.sentence} {policy.name} is bound to {where}{more}; remove it there first."
        raise errors.dependency_violation(words.subject, text)
    remove_policy(transaction, policy.policy_id)
    transaction.records.remove("plugin", policy.policy_id)


def bind(call: Call, policy: Policy, params: Any) -> Mapping[str, Any]:
    """Replaces what the APIs have of the kind in the stage."""
    transaction = call.transaction
    group = require_group(transaction, params.group_id)
    stage = require_stage(transaction, group.group_id, params.stage_name).name
    found = [require_api(transaction, one, group.group_id) for one in read_ids("ApiIds", params.api_ids)]
    for api in found:
        binding = PolicyBinding(policy.kind, api.api_id, stage, policy.policy_id, transaction.now)
        replaced = find_policy_binding(transaction, policy.kind, api.api_id, stage)
        if replaced is None or replaced.policy_id != policy.policy_id:
            put_policy_binding(transaction, binding)
            settle(transaction, binding, replaced)
    return {}


def unbind(call: Call, policy: Policy, params: Any) -> Mapping[str, Any]:
    """Without `ApiIds`, from every API of the group in the stage. What is not bound stays so."""
    transaction = call.transaction
    group = require_group(transaction, params.group_id)
    stage = require_stage(transaction, group.group_id, params.stage_name).name
    api_ids = None if params.api_ids is None else read_ids("ApiIds", params.api_ids)
    wanted = BoundFilter(policy.kind, policy.policy_id, group.group_id, stage, api_ids)
    for row in list_bound(transaction, wanted, Page(1, call.settings.apis_per_group_limit)).rows:
        binding = PolicyBinding(policy.kind, row.api_id, stage, policy.policy_id, row.bound_at)
        remove_policy_binding(transaction, binding)
        settle(transaction, None, binding)
    return {}


def policies_of_api(call: Call, kind: str, params: Any) -> list[dict[str, Any]]:
    """Each with its id, name and time of binding."""
    api = require_api(call.transaction, params.api_id, params.group_id)
    stage = require_stage(call.transaction, api.group_id, params.stage_name).name
    found = list_bound(call.transaction, BoundFilter(kind, stage=stage, api_ids=[api.api_id]), _ALL)
    return [{"id": row.policy_id, "name": row.policy_name, "bound_time": utc_text(row.bound_at)} for row in found.rows]


def apis_of_policy(call: Call, policy: Policy, params: Any) -> Mapping[str, Any]:
    page = page_of(params)
    found = list_bound(call.transaction, BoundFilter(policy.kind, policy.policy_id), page)
    rows = [
        {
            "api_id": row.api_id,
            "api_name": row.name,
            "description": row.description,
            "group_id": row.group_id,
            "group_name": row.group_name,
            "region_id": call.settings.region,
            "stage_name": row.stage,
            "visibility": row.visibility,
            "bound_time": utc_text(row.bound_at),
        }
        for row in found.rows
    ]
    return {"api_infos": rows, **page_fields(page, found.total)}


def bound_in_group(call: Call, kind: str, params: Any) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The bindings of a kind in a stage of a group: rows with the policy's `id` and `name`, and the page's fields."""
    page = page_of(params)
    group = require_group(call.transaction, params.group_id)
    stage = require_stage(call.transaction, group.group_id, params.stage_name).name
    api_ids = None if params.api_ids is None else read_ids("ApiIds", params.api_ids)
    found = list_bound(call.transaction, BoundFilter(kind, None, group.group_id, stage, api_ids), page)
    rows = [
        {
            "api_id": row.api_id,
            "api_name": row.name,
            "bound_time": utc_text(row.bound_at),
            "id": row.policy_id,
            "name": row.policy_name,
        }
        for row in found.rows
    ]
    return rows, page_fields(page, found.total)


def list_of_kind(call: Call, wanted: PolicyFilter, params: Any) -> tuple[list[Policy], dict[str, int]]:
    page = page_of(params)
    found = list_policies(call.transaction, wanted, page)
    return found.policies, page_fields(page, found.total)


def renamed(rows: list[dict[str, Any]], prefix: str) -> list[dict[str, Any]]:
    """`id` and `name` under the names that a kind has for them, as in `traffic_control_id`."""
    return [{f"{prefix}_{key}" if key in ("id", "name") else key: value for key, value in row.items()} for row in rows]


def _check_name(transaction: Transaction, policy: Policy) -> None:
    if is_name_taken(transaction, policy.kind, policy.name):
        words = WORDS[policy.kind]
        text = f"There is already a {words.sentence} {policy.name}; choose another {words.subject}Name."
        raise errors.repeated(f"{words.subject}Name", text)
