"""Operations on stage models: stages of one's own, which every group has beside RELEASE, PRE and TEST.

A name never changes. Each write puts the plan records of all groups, as callers name a stage in `X-Ca-Stage`. Invariant:
a stage that something is published to, bound in, authorised in or led to cannot be deleted.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.operations.call import Call
from isthmus.operations.fields import name_problems, raise_problems, text_problems
from isthmus.operations.groups import put_group_record
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.times import utc_text
from isthmus.publish.bindings import stage_variables_key
from isthmus.store import Transaction
from isthmus.store.groups import SYSTEM_STAGES, all_groups
from isthmus.store.stage_models import (
    StageModel,
    add_stage_model,
    all_stage_models,
    remove_stage_model,
    update_stage_model,
    uses_of_stage,
)

_NAME = re.compile(r"[A-Z][A-Z0-9_-]{0,31}")
# Every group has every stage.
_MOST = 20
# They are no rows: they cannot be changed.
_SYSTEM = {name: f"system-{name.lower()}" for name in SYSTEM_STAGES}


def create_stage_model(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    name = params.stage_name.strip().upper()
    problems = name_problems("StageAlias", params.stage_alias, 50)
    problems += text_problems("Description", params.description, 180)
    if not _NAME.fullmatch(name):
        text = "must begin with a letter and have 1 to 32 letters, digits, _ and -."
        problems.append(Problem("StageName", text))
    raise_problems(problems)
    if name in stage_names(transaction):
        raise errors.repeated("StageName", f"There is already a stage {name}; choose another StageName.")
    if len(all_stage_models(transaction)) >= _MOST:
        raise errors.exceed_limit("StageModel", f"There are {_MOST} stage models already; delete one first.")
    model = StageModel(
        stage_model_id=uuid.uuid4().hex,
        name=name,
        alias=params.stage_alias,
        description=params.description or "",
        created_at=transaction.now,
        modified_at=transaction.now,
    )
    add_stage_model(transaction, model)
    _put_groups(call)
    return {"stage_model_id": model.stage_model_id}


def modify_stage_model(call: Call, params: Any) -> Mapping[str, Any]:
    """Partial."""
    model = _require(call.transaction, params.stage_model_id)
    problems = name_problems("StageAlias", params.stage_alias, 50)
    raise_problems(problems + text_problems("Description", params.description, 180))
    changed = replace(
        model,
        alias=model.alias if params.stage_alias is None else params.stage_alias,
        description=model.description if params.description is None else params.description,
        modified_at=call.transaction.now,
    )
    update_stage_model(call.transaction, changed)
    return {}


def delete_stage_model(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    model = _require(transaction, params.stage_model_id)
    uses = uses_of_stage(transaction, model.name)
    if uses:
        listed = ", ".join(f"{number} {kind}(s)" for kind, number in uses.items())
        text = f"The stage {model.name} is in use: {listed}; remove them first."
        raise errors.dependency_violation("StageModel", text)
    remove_stage_model(transaction, model)
    for group in all_groups(transaction):
        transaction.records.remove("stage_variables", stage_variables_key(group.group_id, model.name))
    _put_groups(call)
    return {}


def describe_stage_models(call: Call, params: Any) -> Mapping[str, Any]:
    """The system's own first; names and aliases are looked for by parts."""
    page = page_of(params)
    rows: list[dict[str, Any]] = [
        {"stage_model_id": model_id, "stage_name": name, "stage_alias": name, "description": "", "type": "SYSTEM"}
        for name, model_id in _SYSTEM.items()
    ]
    rows += [_shown(model) for model in all_stage_models(call.transaction)]
    for key, part in (("stage_name", params.stage_name), ("stage_alias", params.stage_alias)):
        if part is not None:
            rows = [row for row in rows if part.lower() in row[key].lower()]
    start = (page.number - 1) * page.size
    return {"stage_model_info_list": rows[start : start + page.size], **page_fields(page, len(rows))}


def stage_names(transaction: Transaction) -> list[str]:
    """The stages that every group has."""
    return [*SYSTEM_STAGES, *(model.name for model in all_stage_models(transaction))]


def _require(transaction: Transaction, model_id: str) -> StageModel:
    """Raises: ApiError."""
    if model_id in _SYSTEM.values():
        raise errors.invalid([Problem("StageModelId", "is a stage of the system; it cannot be changed or deleted.")])
    found = next((one for one in all_stage_models(transaction) if one.stage_model_id == model_id), None)
    if found is None:
        raise errors.not_found("StageModel", f"There is no stage model {model_id[:64]}.")
    return found


def _put_groups(call: Call) -> None:
    for group in all_groups(call.transaction):
        put_group_record(call.transaction, call.settings, group)


def _shown(model: StageModel) -> dict[str, Any]:
    return {
        "stage_model_id": model.stage_model_id,
        "stage_name": model.name,
        "stage_alias": model.alias,
        "description": model.description,
        "type": "CUSTOM",
        "created_time": utc_text(model.created_at),
        "modified_time": utc_text(model.modified_at),
    }
