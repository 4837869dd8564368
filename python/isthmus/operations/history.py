"""Operations on what was published before: which versions there are, which one runs, and each in full.

A version is listed for as long as its group exists, even after its API is gone; it is shown in full while the API exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus import errors
from isthmus.operations.apis import draft_of, require_api
from isthmus.operations.call import Call
from isthmus.operations.definition_view import show_history
from isthmus.operations.groups import require_group
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.times import utc_text
from isthmus.store.editions import EditionFilter, ListedEdition, find_edition, list_editions

# The documented maximum of DescribeHistoryApis.
_LARGEST_PAGE = 50


def describe_api_histories(call: Call, params: Any) -> Mapping[str, Any]:
    return _list(call, params)


def describe_history_apis(call: Call, params: Any) -> Mapping[str, Any]:
    """The same list; the vendor has two operations for it."""
    return _list(call, params, _LARGEST_PAGE)


def describe_api_history(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    api = require_api(transaction, params.api_id, params.group_id)
    stage = params.stage_name.upper()
    edition = find_edition(transaction, api.api_id, stage, params.history_version)
    if edition is None:
        text = f"The API {api.api_id} has no version {params.history_version[:40]} in {stage[:60]}."
        raise errors.not_found("HistoryVersion", text)
    return {
        **show_history(draft_of(edition.definition)),
        "api_id": api.api_id,
        "group_id": api.group_id,
        "group_name": require_group(transaction, api.group_id).name,
        "region_id": call.settings.region,
        "stage_name": stage,
        "history_version": edition.version,
        "status": _status(edition.online),
        "deployed_time": utc_text(edition.deployed_at),
    }


def _list(call: Call, params: Any, largest: int = 100) -> Mapping[str, Any]:
    page = page_of(params, largest)
    require_group(call.transaction, params.group_id)
    wanted = EditionFilter(
        group_id=params.group_id,
        api_id=params.api_id,
        stage=params.stage_name.upper() if params.stage_name else None,
        name_part=params.api_name,
    )
    found = list_editions(call.transaction, wanted, page)
    return {"api_his_items": [_row(call, one) for one in found.editions], **page_fields(page, found.total)}


def _row(call: Call, listed: ListedEdition) -> dict[str, Any]:
    edition = listed.edition
    return {
        "api_id": edition.api_id,
        "api_name": draft_of(edition.definition).api_name,
        "description": edition.remarks,
        "group_id": edition.group_id,
        "group_name": listed.group_name,
        "region_id": call.settings.region,
        "stage_name": edition.stage,
        "history_version": edition.version,
        "status": _status(edition.online),
        "deployed_time": utc_text(edition.deployed_at),
    }


def _status(online: bool) -> str:
    return "ONLINE" if online else "OFFLINE"
