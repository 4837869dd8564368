"""Operations on the stages of a group; those on their variables are in `stage_variables.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus import errors
from isthmus.operations.call import Call
from isthmus.operations.groups import require_group
from isthmus.operations.times import utc_text
from isthmus.store import Transaction
from isthmus.store.groups import Group, Stage, find_stage, stages_of_group
from isthmus.store.stage_variables import StageVariable, variables_of_stage


def describe_api_stage(call: Call, params: Any) -> Mapping[str, Any]:
    group = require_group(call.transaction, params.group_id)
    stage = require_stage_by_id(call.transaction, group, params.stage_id)
    return {
        "group_id": group.group_id,
        "stage_id": stage.stage_id,
        "stage_name": stage.name,
        "description": stage.description,
        "created_time": utc_text(group.created_at),
        "variables": [_variable_shown(variable) for variable in variables_of_stage(call.transaction, stage.stage_id)],
    }


def require_stage_by_id(transaction: Transaction, group: Group, stage_id: str) -> Stage:
    """Raises: ApiError."""
    stages = {stage.stage_id: stage for stage in stages_of_group(transaction, group.group_id)}
    if stage_id not in stages:
        raise errors.not_found("Stage", f"The group {group.group_id} has no stage with the id {stage_id[:60]}.")
    return stages[stage_id]


def require_stage(transaction: Transaction, group_id: str, name: str) -> Stage:
    """By name, whatever its case. Raises: ApiError."""
    stage = find_stage(transaction, group_id, name)
    if stage is None:
        known = ", ".join(each.name for each in stages_of_group(transaction, group_id))
        raise errors.not_found("Stage", f"The group {group_id} has no stage {name[:60]}; it has {known}.")
    return stage


def _variable_shown(variable: StageVariable) -> dict[str, Any]:
    shown = {
        "variable_name": variable.name,
        "variable_value": variable.value,
        "support_route": variable.route is not None,
    }
    return shown if variable.route is None else {**shown, "stage_route_model": variable.route}
