"""Operations on APIs: the drafts. Nothing here changes what callers see; `deploys.py` publishes.

Name, and method with path, are unique in a group. ModifyApi replaces the whole definition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.model.definition import read_definition
from isthmus.operations.api_views import draft_view, stage_infos
from isthmus.operations.call import Call
from isthmus.operations.fields import name_problems, raise_problems, tag_problems, text_problems
from isthmus.operations.groups import require_group
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.times import utc_text
from isthmus.store import Transaction
from isthmus.store.apis import (
    TAG_TYPE,
    Api,
    ApiFilter,
    add_api,
    count_apis,
    find_api,
    find_by_name,
    find_by_path,
    list_apis,
    new_api_id,
    remove_api,
    update_api,
)
from isthmus.store.editions import online_versions
from isthmus.store.grants import grants_of_api
from isthmus.store.groups import find_groups
from isthmus.store.tags import put_tags, tags_of


def create_api(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    group = require_group(transaction, params.group_id)
    limit = call.settings.apis_per_group_limit
    if count_apis(transaction, group.group_id) >= limit:
        text = f"The group has {limit} APIs already, the limit that apis_per_group_limit sets."
        raise errors.exceed_limit("Api", text)
    draft = _read_draft(params, None, tag_problems(params.tag))
    api = replace(
        draft, api_id=new_api_id(), group_id=group.group_id, created_at=transaction.now, modified_at=transaction.now
    )
    _check_is_free(transaction, api)
    add_api(transaction, api)
    put_tags(transaction, TAG_TYPE, api.api_id, params.tag or ())
    return {"api_id": api.api_id}


def modify_api(call: Call, params: Any) -> Mapping[str, Any]:
    """Replaces the draft; what runs stays as it is until it is published."""
    before = require_api(call.transaction, params.api_id, params.group_id)
    draft = _read_draft(params, before.definition, [])
    api = replace(draft, api_id=before.api_id, group_id=before.group_id, created_at=before.created_at)
    _check_is_free(call.transaction, api)
    update_api(call.transaction, api)
    return {}


def delete_api(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    api = require_api(transaction, params.api_id, params.group_id)
    running = sorted(online_versions(transaction, [api.api_id])[api.api_id])
    if running:
        text = f"The API {api.api_id} is published in {', '.join(running)}; take it off there (AbolishApi) first."
        raise errors.dependency_violation("DeployedApi", text)
    for grant in grants_of_api(transaction, api.api_id):
        transaction.records.remove("grant", f"{api.api_id}/{grant.stage}/{grant.app_id}")
    remove_api(transaction, api.api_id)
    return {}


def describe_api(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    api = require_api(transaction, params.api_id, params.group_id)
    group = require_group(transaction, api.group_id)
    tags = tags_of(transaction, TAG_TYPE, [api.api_id])[api.api_id]
    return {
        **draft_view(api, group, call.settings.region),
        "deployed_infos": stage_infos(online_versions(transaction, [api.api_id])[api.api_id]),
        "tag_list": [{"tag_key": tag["key"], "tag_value": tag["value"]} for tag in tags],
    }


def describe_apis(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    if params.group_id is not None:
        require_group(transaction, params.group_id)
    page = page_of(params)
    wanted = ApiFilter(
        api_id=params.api_id,
        group_id=params.group_id,
        name_part=params.api_name,
        path=params.api_path,
        method=params.api_method.upper() if params.api_method else None,
        visibility=params.visibility.upper() if params.visibility else None,
        stage=params.stage_name.upper() if params.stage_name else None,
        undeployed=bool(params.un_deployed),
        tags=params.tag or (),
    )
    found = list_apis(transaction, wanted, page)
    ids = [api.api_id for api in found.apis]
    names = {
        group_id: group.name
        for group_id, group in find_groups(transaction, {api.group_id for api in found.apis}).items()
    }
    versions, tags = online_versions(transaction, ids), tags_of(transaction, TAG_TYPE, ids)
    summaries = [
        {
            "api_id": api.api_id,
            "api_name": api.name,
            "api_path": api.path,
            "api_method": api.method,
            "description": api.description,
            "visibility": api.visibility,
            "group_id": api.group_id,
            "group_name": names.get(api.group_id, ""),
            "region_id": call.settings.region,
            "created_time": utc_text(api.created_at),
            "modified_time": utc_text(api.modified_at),
            "deployed_infos": stage_infos(versions[api.api_id]),
            "tag_list": [{"tag_key": tag["key"], "tag_value": tag["value"]} for tag in tags[api.api_id]],
        }
        for api in found.apis
    ]
    return {"api_summarys": summaries, **page_fields(page, found.total)}


def require_api(transaction: Transaction, api_id: str, group_id: str | None = None) -> Api:
    """An API of another group than the one that was named does not exist there. Raises: ApiError."""
    if group_id is not None:
        require_group(transaction, group_id)
    api = find_api(transaction, api_id)
    if api is None or (group_id is not None and api.group_id != group_id):
        where = f" in the group {group_id}" if group_id else ""
        raise errors.not_found("Api", f"There is no API {api_id}{where}.")
    return api


def _read_draft(params: Any, before: dict[str, Any] | None, problems: list[Problem]) -> Api:
    """Everything wrong with it is raised as one error."""
    problems += name_problems("ApiName", params.api_name, 50) + text_problems("Description", params.description, 180)
    definition = read_definition(params, before, problems)
    raise_problems(problems)
    request = definition["request_config"]
    return Api(
        api_id="",
        group_id="",
        name=params.api_name,
        description=params.description or "",
        method=request["request_http_method"].upper(),
        path=request["request_path"],
        visibility=definition["visibility"].upper(),
        definition=definition,
        draft_revision=1,
        created_at=0,
        modified_at=0,
    )


def _check_is_free(transaction: Transaction, api: Api) -> None:
    other = find_by_name(transaction, api.group_id, api.name)
    if other not in (None, api.api_id):
        raise errors.repeated("ApiName", f"The group has an API {api.name} already ({other}); choose another ApiName.")
    other = find_by_path(transaction, api.group_id, api.method, api.path)
    if other not in (None, api.api_id):
        text = f"The group has an API for {api.method} {api.path} already ({other}); change method or path."
        raise errors.repeated("RequestPath", text)
