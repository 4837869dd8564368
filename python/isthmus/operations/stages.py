"""Operations on the stages of a group.

Stage variables are not implemented: their operations are absent, and a stage shows none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus import errors
from isthmus.operations.call import Call
from isthmus.operations.groups import require_group
from isthmus.operations.times import utc_text
from isthmus.store import Transaction
from isthmus.store.groups import Stage, find_stage, stages_of_group


def describe_api_stage(call: Call, params: Any) -> Mapping[str, Any]:
    group = require_group(call.transaction, params.group_id)
    stages = {stage.stage_id: stage for stage in stages_of_group(call.transaction, group.group_id)}
    stage = stages.get(params.stage_id)
    if stage is None:
        raise errors.not_found("Stage", f"The group {group.group_id} has no stage with the id {params.stage_id}.")
    return {
        "group_id": group.group_id,
        "stage_id": stage.stage_id,
        "stage_name": stage.name,
        "description": stage.description,
        "created_time": utc_text(group.created_at),
        "variables": [],
    }


def require_stage(transaction: Transaction, group_id: str, name: str) -> Stage:
    """By name, whatever its case. Raises: ApiError."""
    stage = find_stage(transaction, group_id, name)
    if stage is None:
        known = ", ".join(each.name for each in stages_of_group(transaction, group_id))
        raise errors.not_found("Stage", f"The group {group_id} has no stage {name[:60]}; it has {known}.")
    return stage
