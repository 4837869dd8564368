"""The history of publishes: every edition an API had in a stage, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.operations.api_views import historic_view
from isthmus.operations.apis import require_api
from isthmus.operations.call import Call
from isthmus.operations.groups import require_group
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.stages import require_stage
from isthmus.operations.times import utc_text
from isthmus.store.editions import find_version, list_editions


def describe_api_histories(call: Call, params: Any) -> Mapping[str, Any]:
    return _histories(call, params)


def describe_history_apis(call: Call, params: Any) -> Mapping[str, Any]:
    """The same by group; its page parameters arrive as texts."""
    return _histories(call, params)


def describe_api_history(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    api = require_api(transaction, params.api_id, params.group_id)
    stage = require_stage(transaction, api.group_id, params.stage_name).name
    edition = find_version(transaction, api.api_id, stage, params.history_version)
    if edition is None:
        text = f"The API {api.api_id} has no version {params.history_version[:40]} in {stage}."
        raise errors.not_found("HistoryVersion", text)
    return historic_view(edition, require_group(transaction, api.group_id), call.settings.region)


def _histories(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    group = require_group(transaction, params.group_id)
    for name, value in (("PageNumber", params.page_number), ("PageSize", params.page_size)):
        if value is not None and not str(value).isdecimal():
            raise errors.invalid([Problem(name, "must be a whole number in decimal digits.")])
    page = page_of(params)
    wanted = {
        "group_id": group.group_id,
        "api_id": params.api_id,
        "stage": params.stage_name.upper() if params.stage_name else None,
    }
    found = list_editions(transaction, wanted, page)
    items = [
        {
            "api_id": edition.api_id,
            "api_name": edition.snapshot["api_name"],
            "description": edition.remarks,
            "group_id": group.group_id,
            "group_name": group.name,
            "history_version": edition.version,
            "region_id": call.settings.region,
            "stage_name": edition.stage,
            "status": "ONLINE" if edition.online else "OFFLINE",
            "deployed_time": utc_text(edition.deployed_at),
        }
        for edition in found.editions
    ]
    return {"api_his_items": items, **page_fields(page, found.total)}
