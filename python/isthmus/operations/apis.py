"""Operations on APIs: what is edited is the draft; callers see a change when it is published.

Names are unique in a group, and so are method and path together. Modifying replaces the whole definition. An API that
runs in a stage cannot be deleted; one that is deleted takes its grants along.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from isthmus import errors
from isthmus.model import Draft, from_document, to_document
from isthmus.operations.call import Call
from isthmus.operations.definition import read_draft
from isthmus.operations.definition_view import deployed_infos, show_draft
from isthmus.operations.fields import raise_problems, tag_problems
from isthmus.operations.groups import require_group
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.policy_precedence import remove_policies_of
from isthmus.operations.times import utc_text
from isthmus.publish.bindings import binding_key, grant_key
from isthmus.store import Transaction
from isthmus.store.apis import (
    TAG_TYPE,
    Api,
    ApiChange,
    ApiFilter,
    Apis,
    ListedApi,
    add_api,
    count_apis,
    find_api,
    find_api_by_name,
    find_api_by_path,
    list_apis,
    remove_api,
    update_api,
)
from isthmus.store.audit import last_change_of
from isthmus.store.editions import online_versions
from isthmus.store.grants import grants_of_api
from isthmus.store.groups import SYSTEM_STAGES, find_group, stages_of_group
from isthmus.store.plugins import remove_bindings_of
from isthmus.store.tags import TagList, put_tags, tags_of


def create_api(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    require_group(transaction, params.group_id)
    draft = read_draft(params)
    raise_problems(tag_problems(params.tag))
    api = new_draft(call, params.group_id, draft)
    put_tags(transaction, TAG_TYPE, api.api_id, params.tag or ())
    return {"api_id": api.api_id}


def modify_api(call: Call, params: Any) -> Mapping[str, Any]:
    """Replaces the draft; what runs in a stage stays as it is."""
    transaction = call.transaction
    api = require_api(transaction, params.api_id, params.group_id)
    check_revision(transaction, api, params.expected_revision)
    change_draft(transaction, api, read_draft(params, draft_of(api.definition)))
    return {}


def delete_api(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    api = require_api(transaction, params.api_id, params.group_id)
    running = online_versions(transaction, [api.api_id])[api.api_id]
    if running:
        text = f"The API {api.api_id} runs in {', '.join(sorted(running))}; abolish it there first."
        raise errors.dependency_violation("ApiDeployed", text)
    for grant in grants_of_api(transaction, api.api_id):
        transaction.records.remove("grant", grant_key(grant.api_id, grant.stage, grant.app_id))
    for binding in remove_bindings_of(transaction, "api", api.api_id):
        transaction.records.remove("plugin_binding", binding_key(binding))
    remove_policies_of(transaction, api.api_id)
    remove_api(transaction, api.api_id)
    return {}


def describe_api(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    api = require_api(transaction, params.api_id, params.group_id)
    group = require_group(transaction, api.group_id)
    running = online_versions(transaction, [api.api_id])[api.api_id]
    stages = [stage.name for stage in stages_of_group(transaction, api.group_id)]
    return {
        **show_draft(draft_of(api.definition)),
        "api_id": api.api_id,
        "group_id": api.group_id,
        "group_name": group.name,
        "region_id": call.settings.region,
        "created_time": utc_text(api.created_at),
        "modified_time": utc_text(api.modified_at),
        "draft_revision": api.draft_revision,
        "deployed_infos": deployed_infos(stages, running),
        "tag_list": _tag_list(tags_of(transaction, TAG_TYPE, [api.api_id])[api.api_id]),
    }


def describe_apis(call: Call, params: Any) -> Mapping[str, Any]:
    page = page_of(params)
    wanted = ApiFilter(
        api_id=params.api_id,
        group_id=params.group_id,
        name_part=params.api_name,
        path_part=params.api_path,
        method=params.api_method.upper() if params.api_method else None,
        visibility=params.visibility.upper() if params.visibility else None,
        stage=params.stage_name.upper() if params.stage_name else None,
        undeployed=bool(params.un_deployed),
        tags=params.tag or (),
    )
    # There are no catalogues, so no API is in one.
    found = Apis([], 0) if params.catalog_id else list_apis(call.transaction, wanted, page)
    ids = [listed.api.api_id for listed in found.apis]
    running, tags = online_versions(call.transaction, ids), tags_of(call.transaction, TAG_TYPE, ids)
    rows = [_summary(call, one, running[one.api.api_id], tags[one.api.api_id]) for one in found.apis]
    return {"api_summarys": rows, **page_fields(page, found.total)}


def require_api(transaction: Transaction, api_id: str, group_id: str | None) -> Api:
    """Raises: ApiError when there is no such API, or none in this group."""
    if group_id and find_group(transaction, group_id) is None:
        raise errors.not_found("ApiGroup", f"There is no API group {group_id[:64]}.")
    api = find_api(transaction, api_id)
    if api is None or (group_id and api.group_id != group_id):
        where = f" in the group {group_id[:64]}" if group_id else ""
        raise errors.not_found("Api", f"There is no API {api_id[:64]}{where}.")
    return api


def check_revision(transaction: Transaction, api: Api, expected: int | None) -> None:
    """Raises: ApiError, naming the other writer, when the draft is not as the caller has read it."""
    if expected is None or expected == api.draft_revision:
        return
    changed = last_change_of(transaction, "draft", api.api_id)
    who = ""
    if changed is not None:
        event = changed.event
        who = f" {event.actor.name} changed it at {utc_text(changed.happened_at)} ({event.operation}, {event.actor.client})."
    text = f"The draft of {api.name} is at revision {api.draft_revision}, not {expected}.{who} Read it again, then change it."
    raise errors.single("RevisionConflict", text)


def new_draft(call: Call, group_id: str, draft: Draft) -> Api:
    """Raises: ApiError when the group is full, or has an API of this name or this path."""
    limit = call.settings.apis_per_group_limit
    if count_apis(call.transaction, group_id) >= limit:
        text = f"The group has {limit} APIs already, the limit that apis_per_group_limit sets."
        raise errors.exceed_limit("Api", text)
    _check_is_free(call.transaction, group_id, draft, None)
    return add_api(call.transaction, group_id, change_of(draft))


def change_draft(transaction: Transaction, api: Api, draft: Draft) -> None:
    """Raises: ApiError when another API of the group has its name or its path."""
    _check_is_free(transaction, api.group_id, draft, api.api_id)
    update_api(transaction, api.api_id, change_of(draft))


def draft_of(definition: str) -> Draft:
    return from_document(Draft, json.loads(definition))


def _check_is_free(transaction: Transaction, group_id: str, draft: Draft, api_id: str | None) -> None:
    same_name = find_api_by_name(transaction, group_id, draft.api_name)
    if same_name is not None and same_name.api_id != api_id:
        text = f"The group has an API {draft.api_name} already ({same_name.api_id}); choose another ApiName."
        raise errors.repeated("ApiName", text)
    same_path = find_api_by_path(transaction, group_id, draft.method, draft.path)
    if same_path is not None and same_path.api_id != api_id:
        text = f"The API {same_path.name} of this group has {draft.method} {draft.path} already; choose another path."
        raise errors.repeated("RequestPath", text)


def change_of(draft: Draft) -> ApiChange:
    """What the store keeps of a draft."""
    return ApiChange(
        name=draft.api_name,
        description=draft.description,
        method=draft.method,
        path=draft.path,
        visibility=draft.visibility.upper(),
        definition=json.dumps(to_document(draft), sort_keys=True, separators=(",", ":")),
    )


def _summary(call: Call, listed: ListedApi, running: Mapping[str, str], tags: TagList) -> dict[str, Any]:
    api = listed.api
    return {
        "api_id": api.api_id,
        "api_name": api.name,
        "api_method": api.method,
        "api_path": api.path,
        "description": api.description,
        "visibility": api.visibility,
        "group_id": api.group_id,
        "group_name": listed.group_name,
        "region_id": call.settings.region,
        "created_time": utc_text(api.created_at),
        "modified_time": utc_text(api.modified_at),
        "deployed_infos": deployed_infos([*SYSTEM_STAGES, *sorted(set(running) - set(SYSTEM_STAGES))], running),
        "tag_list": _tag_list(tags),
    }


def _tag_list(tags: TagList) -> list[dict[str, str]]:
    return [{"tag_key": tag["key"], "tag_value": tag["value"]} for tag in tags]
