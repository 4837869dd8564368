"""Operations that publish or abolish many APIs in one call, and the tasks that tell what became of each.

The work is done when the call answers: the operation id names a report, which is there at once. Each API is decided on
its own, so one that cannot be published does not keep the others from it. Invariant: an API that is reported as OVER
was published in the transaction that wrote the report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from isthmus import errors
from isthmus.errors import ApiError, Problem
from isthmus.operations.call import Call
from isthmus.operations.deploys import abolish_api, deploy_api
from isthmus.operations.fields import MOST_IDS, raise_problems
from isthmus.store import Transaction
from isthmus.store.apis import find_api
from isthmus.store.groups import find_group, stages_of_group
from isthmus.store.tasks import add_task, find_task

# The vendor's words.
_DONE, _FAILED, _DONE_TEXT = "OVER", "FAIL", "Success. Request Success."
_DEPLOY, ABOLISH_TASK = "deploy", "abolish"


@dataclass(frozen=True)
class _One:
    """One API of a batch, as the operations on single APIs take their parameters."""

    api_id: str
    group_id: str | None
    stage_name: str
    description: str | None = None


def batch_deploy_apis(call: Call, params: Any) -> Mapping[str, Any]:
    results = []
    for entry in _entries(params.api):
        one = _One(entry["api_uid"], entry.get("group_id"), params.stage_name, params.description)
        error = _attempt(call, deploy_api, one)
        results.append(_result(call.transaction, one, "deployed_status", error))
    return {"operation_id": add_task(call.transaction, _DEPLOY, results)}


def describe_deploy_api_task(call: Call, params: Any) -> Mapping[str, Any]:
    return {"deployed_results": _require_task(call, _DEPLOY, params.operation_uid)}


def batch_abolish_apis(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    results = []
    for entry in _entries(params.api):
        stage = entry.get("stage_name") or _stage_name(transaction, entry) or ""
        results.append(abolish_for_report(call, entry["api_uid"], entry.get("group_id"), stage, entry.get("stage_id")))
    return {"operation_id": add_task(transaction, ABOLISH_TASK, results)}


def abolish_for_report(
    call: Call, api_id: str, group_id: str | None, stage: str, stage_id: str | None
) -> dict[str, Any]:
    """Takes an API offline; what became of that, as a row of a task."""
    one = _One(api_id, group_id, stage)
    missing = None if stage else errors.missing("StageName", "StageName, or the StageId of a stage, is required.")
    error = missing or _attempt(call, abolish_api, one)
    api = find_api(call.transaction, one.api_id)
    group = find_group(call.transaction, api.group_id) if api is not None else None
    named = {
        "stage_id": stage_id,
        "api_name": None if api is None else api.name,
        "group_name": None if group is None else group.name,
    }
    return {**_result(call.transaction, one, "abolish_status", error), **named}


def describe_abolish_api_task(call: Call, params: Any) -> Mapping[str, Any]:
    return {"api_abolish_results": _require_task(call, ABOLISH_TASK, params.operation_uid)}


def _entries(given: Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """Each once. Raises: ApiError."""
    if not given:
        raise errors.missing("Api")
    if len(given) > MOST_IDS:
        raise errors.invalid([Problem("Api", f"has {len(given)} entries; send at most {MOST_IDS} in one call.")])
    raise_problems(
        [
            Problem(f"Api.{number}.ApiUid", "is required.", code="MissingApiUid")
            for number, entry in enumerate(given, start=1)
            if not entry.get("api_uid")
        ]
    )
    return [dict(pairs) for pairs in dict.fromkeys(tuple(sorted(entry.items(), key=str)) for entry in given)]


def _attempt(call: Call, operation: Any, one: _One) -> ApiError | None:
    """Publishing raises before it writes, so there is nothing to take back."""
    try:
        operation(call, one)
    except ApiError as error:
        return error
    return None


def _result(transaction: Transaction, one: _One, status_name: str, error: ApiError | None) -> dict[str, Any]:
    api = find_api(transaction, one.api_id)
    return {
        "api_uid": one.api_id,
        "group_id": one.group_id or (None if api is None else api.group_id),
        "stage_name": one.stage_name.upper(),
        status_name: _DONE if error is None else _FAILED,
        "error_msg": _DONE_TEXT if error is None else f"{error.code}: {error.message}",
    }


def _stage_name(transaction: Transaction, entry: Mapping[str, Any]) -> str | None:
    """The name of the stage with the id of the entry."""
    api = find_api(transaction, entry["api_uid"])
    stages = stages_of_group(transaction, api.group_id) if api is not None else []
    return next((stage.name for stage in stages if stage.stage_id == entry.get("stage_id")), None)


def _require_task(call: Call, kind: str, task_id: str) -> Any:
    result = find_task(call.transaction, kind, task_id)
    if result is None:
        text = f"There is no operation {task_id[:64]} of this kind; reports are kept for a week."
        raise errors.not_found("Operation", text)
    return result
