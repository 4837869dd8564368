"""Operations on traffic-control objects: how often APIs may be called, by all, by an account and by an app.

The older form of the `trafficControl` plug-in; `policies.py` binds and lists. Each write acts at once.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.model.policy import SpecialLimit, TrafficLimits
from isthmus.operations import policies
from isthmus.operations.apis import require_api
from isthmus.operations.call import Call
from isthmus.operations.fields import name_problems, raise_problems, text_problems
from isthmus.operations.stages import require_stage
from isthmus.operations.times import utc_text
from isthmus.store import Transaction
from isthmus.store.policies import TRAFFIC_CONTROL, Policy, PolicyFilter

_UNITS = ("SECOND", "MINUTE", "HOUR", "DAY")
_KINDS = ("APP", "USER")
_MOST_CALLS = 100_000_000
# A traffic control is one record of the plan.
_MOST_SPECIALS = 1000


def create_traffic_control(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    limits = TrafficLimits(
        unit=params.traffic_control_unit.upper(),
        api_default=params.api_default,
        user_default=params.user_default or 0,
        app_default=params.app_default or 0,
    )
    raise_problems(_text_problems(params) + _limit_problems(limits))
    policy = Policy(
        policy_id=uuid.uuid4().hex,
        kind=TRAFFIC_CONTROL,
        name=params.traffic_control_name,
        description=params.description or "",
        content=limits,
        created_at=transaction.now,
        modified_at=transaction.now,
    )
    policies.add_new(transaction, policy, call.settings.policies_limit)
    return {"traffic_control_id": policy.policy_id}


def modify_traffic_control(call: Call, params: Any) -> Mapping[str, Any]:
    """Partial."""
    policy, limits = _require(call.transaction, params)
    given = {
        "unit": None if params.traffic_control_unit is None else params.traffic_control_unit.upper(),
        "api_default": params.api_default,
        "user_default": params.user_default,
        "app_default": params.app_default,
    }
    limits = replace(limits, **{name: value for name, value in given.items() if value is not None})
    raise_problems(_text_problems(params) + _limit_problems(limits))
    given = {"name": params.traffic_control_name, "description": params.description}
    policies.change(call.transaction, policy, content=limits, **given)
    return {}


def delete_traffic_control(call: Call, params: Any) -> Mapping[str, Any]:
    policy, _ = _require(call.transaction, params)
    policies.delete(call.transaction, policy)
    return {}


def describe_traffic_controls(call: Call, params: Any) -> Mapping[str, Any]:
    """With an API and a stage, those that are bound there."""
    place: dict[str, str] = {}
    if params.api_id is not None or params.stage_name is not None:
        if params.api_id is None or params.stage_name is None:
            lacking = "ApiId" if params.api_id is None else "StageName"
            raise errors.missing(lacking, "Send ApiId, GroupId and StageName together, or none of them.")
        api = require_api(call.transaction, params.api_id, params.group_id)
        stage = require_stage(call.transaction, api.group_id, params.stage_name)
        place = {"api_id": api.api_id, "stage": stage.name}
    wanted = PolicyFilter(TRAFFIC_CONTROL, params.traffic_control_id, params.traffic_control_name, **place)
    found, page = policies.list_of_kind(call, wanted, params)
    return {"traffic_controls": [_shown(policy) for policy in found], **page}


def add_traffic_special_control(call: Call, params: Any) -> Mapping[str, Any]:
    """Overwrites what the caller has."""
    policy, limits = _require(call.transaction, params)
    kind, key = _caller(params)
    others = _without(limits, kind, key)
    if len(others) >= _MOST_SPECIALS:
        text = f"The traffic control has {_MOST_SPECIALS} special limits; delete some first."
        raise errors.exceed_limit("TrafficSpecialControl", text)
    limits = replace(limits, specials=(*others, SpecialLimit(kind, key, params.traffic_value)))
    raise_problems(_limit_problems(limits))
    policies.change(call.transaction, policy, content=limits)
    return {}


def delete_traffic_special_control(call: Call, params: Any) -> Mapping[str, Any]:
    policy, limits = _require(call.transaction, params)
    kind, key = _caller(params)
    others = _without(limits, kind, key)
    if len(others) == len(limits.specials):
        text = f"The traffic control has no special limit for the {kind} {key[:64]}."
        raise errors.not_found("TrafficSpecialControl", text)
    policies.change(call.transaction, policy, content=replace(limits, specials=others))
    return {}


def delete_all_traffic_special_control(call: Call, params: Any) -> Mapping[str, Any]:
    policy, limits = _require(call.transaction, params)
    policies.change(call.transaction, policy, content=replace(limits, specials=()))
    return {}


def set_traffic_control_apis(call: Call, params: Any) -> Mapping[str, Any]:
    return policies.bind(call, _require(call.transaction, params)[0], params)


def remove_traffic_control_apis(call: Call, params: Any) -> Mapping[str, Any]:
    return policies.unbind(call, _require(call.transaction, params)[0], params)


def describe_traffic_controls_by_api(call: Call, params: Any) -> Mapping[str, Any]:
    rows = policies.policies_of_api(call, TRAFFIC_CONTROL, params)
    return {"traffic_control_items": policies.renamed(rows, "traffic_control_item")}


def describe_apis_by_traffic_control(call: Call, params: Any) -> Mapping[str, Any]:
    return policies.apis_of_policy(call, _require(call.transaction, params)[0], params)


def describe_api_traffic_controls(call: Call, params: Any) -> Mapping[str, Any]:
    rows, page = policies.bound_in_group(call, TRAFFIC_CONTROL, params)
    return {"api_traffic_controls": policies.renamed(rows, "traffic_control"), **page}


def _require(transaction: Transaction, params: Any) -> tuple[Policy, TrafficLimits]:
    policy = policies.require_policy(transaction, TRAFFIC_CONTROL, params.traffic_control_id)
    assert isinstance(policy.content, TrafficLimits)
    return policy, policy.content


def _caller(params: Any) -> tuple[str, str]:
    """Raises: ApiError."""
    kind, key = params.special_type.upper(), params.special_key.strip()
    problems = text_problems("SpecialKey", key, 64, shortest=1)
    if kind not in _KINDS:
        problems.append(Problem("SpecialType", "must be APP or USER."))
    elif kind == "APP" and not re.fullmatch(r"[0-9]{1,18}", key, re.ASCII):
        problems.append(Problem("SpecialKey", f"{key[:40]!r} is not an app id; an app id is a number."))
    raise_problems(problems)
    # As an app's id is written, so that each app has one entry.
    return kind, str(int(key)) if kind == "APP" else key


def _without(limits: TrafficLimits, kind: str, key: str) -> tuple[SpecialLimit, ...]:
    return tuple(one for one in limits.specials if (one.special_type, one.special_key) != (kind, key))


def _text_problems(params: Any) -> list[Problem]:
    problems = name_problems("TrafficControlName", params.traffic_control_name, 50)
    return problems + text_problems("Description", params.description, 200)


def _limit_problems(limits: TrafficLimits) -> list[Problem]:
    """The narrower limit is never the larger."""
    problems = []
    if limits.unit not in _UNITS:
        problems.append(Problem("TrafficControlUnit", f"must be one of {', '.join(_UNITS)}."))
    if not 1 <= limits.api_default <= _MOST_CALLS:
        problems.append(Problem("ApiDefault", f"must be 1 to {_MOST_CALLS}."))
    user, app = limits.user_default, limits.app_default
    if not 0 <= user <= limits.api_default:
        problems.append(Problem("UserDefault", "must be 0 (no limit) to ApiDefault."))
    if not 0 <= app <= (user or limits.api_default):
        problems.append(Problem("AppDefault", "must be 0 (no limit) to UserDefault and ApiDefault."))
    for special in limits.specials:
        if not 1 <= special.traffic_value <= limits.api_default:
            text = f"of the {special.special_type} {special.special_key[:64]} must be 1 to ApiDefault."
            problems.append(Problem("TrafficValue", text))
    return problems


def _shown(policy: Policy) -> dict[str, Any]:
    limits = policy.content
    assert isinstance(limits, TrafficLimits)
    specials = [
        {
            "special_type": kind,
            "specials": [
                {"special_key": one.special_key, "traffic_value": one.traffic_value}
                for one in limits.specials
                if one.special_type == kind
            ],
        }
        for kind in _KINDS
        if any(one.special_type == kind for one in limits.specials)
    ]
    return {
        "traffic_control_id": policy.policy_id,
        "traffic_control_name": policy.name,
        "description": policy.description,
        "traffic_control_unit": limits.unit,
        "api_default": limits.api_default,
        "user_default": limits.user_default,
        "app_default": limits.app_default,
        "special_policies": specials,
        "created_time": utc_text(policy.created_at),
        "modified_time": utc_text(policy.modified_at),
    }
