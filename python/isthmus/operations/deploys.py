"""Operations that publish: a draft into a stage, a stage back to an earlier version, an API out of a stage.

Each write changes edition rows and the plan record `edition <api_id>/<STAGE>` in the same transaction. `isthmus.publish`
decides what the record is; here its rows are fetched. Invariant: a stage has a record exactly when one of the API's
editions is online there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.model import Draft
from isthmus.operations.apis import draft_of, require_api
from isthmus.operations.call import Call
from isthmus.operations.definition_view import show_deployed, show_documentation
from isthmus.operations.fields import raise_problems, text_problems
from isthmus.operations.groups import require_group
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.stages import require_stage
from isthmus.operations.times import utc_text
from isthmus.publish.backend_object import with_backend, without_backend
from isthmus.publish.freeze import Frozen, freeze
from isthmus.publish.release import Release, edition_key, next_version, release
from isthmus.publish.resolve import References, route_of
from isthmus.store import Transaction
from isthmus.store.apis import Api
from isthmus.store.backends import find_backend, find_backend_model
from isthmus.store.editions import (
    EditionFilter,
    EditionRow,
    ListedEdition,
    add_edition,
    find_edition,
    find_online,
    list_editions,
    newest_version,
    online_with_text,
    put_online,
    take_offline,
)
from isthmus.store.networks import AccessFilter, VpcAccess, find_access, find_access_to, list_accesses
from isthmus.store.selection import Page

_LONGEST_REMARKS = 200


def deploy_api(call: Call, params: Any) -> Mapping[str, Any]:
    """Publishing the same draft again is allowed, and makes another version."""
    transaction = call.transaction
    raise_problems(text_problems("Description", params.description, _LONGEST_REMARKS))
    api = require_api(transaction, params.api_id, params.group_id)
    stage = require_stage(transaction, api.group_id, params.stage_name).name
    version = next_version(transaction.now, newest_version(transaction, api.api_id, stage))
    released = prepare_release(transaction, api, stage, api.definition, version)
    _check_function_has_url(call, released)
    take_offline(transaction, api.api_id, stage)
    edition = EditionRow(
        api_id=api.api_id,
        stage=stage,
        version=version,
        group_id=api.group_id,
        online=True,
        remarks=params.description or "",
        definition=released.definition,
        body=released.body,
        content_hash=released.content_hash,
        deployed_at=transaction.now,
    )
    add_edition(transaction, edition)
    transaction.records.put("edition", released.key, released.body)
    return {}


def switch_api(call: Call, params: Any) -> Mapping[str, Any]:
    """Publishes an earlier version again, under its own version; what it refers to is as it is now."""
    transaction = call.transaction
    raise_problems(text_problems("Description", params.description, _LONGEST_REMARKS))
    api = require_api(transaction, params.api_id, params.group_id)
    stage = require_stage(transaction, api.group_id, params.stage_name).name
    _require_online(transaction, api, stage)
    edition = find_edition(transaction, api.api_id, stage, params.history_version)
    if edition is None:
        text = f"The API {api.api_id} has no version {params.history_version[:40]} in {stage}."
        raise errors.not_found("HistoryVersion", text)
    released = prepare_release(transaction, api, stage, edition.definition, edition.version)
    renewed = replace(edition, definition=released.definition, body=released.body, content_hash=released.content_hash)
    put_online(transaction, renewed)
    transaction.records.put("edition", released.key, released.body)
    return {}


def abolish_api(call: Call, params: Any) -> Mapping[str, Any]:
    """Succeeds when nothing runs there: clients abolish in every stage before they delete."""
    transaction = call.transaction
    api = require_api(transaction, params.api_id, params.group_id)
    stage = params.stage_name.upper()
    take_offline(transaction, api.api_id, stage)
    transaction.records.remove("edition", edition_key(api.api_id, stage))
    return {}


def describe_deployed_api(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    api = require_api(transaction, params.api_id, params.group_id)
    edition = _require_online(transaction, api, params.stage_name.upper())
    return {**show_deployed(draft_of(edition.definition)), **_place(call, api, edition)}


def describe_api_doc(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    api = require_api(transaction, params.api_id, params.group_id)
    edition = _require_online(transaction, api, (params.stage_name or "RELEASE").upper())
    return {**show_documentation(draft_of(edition.definition)), **_place(call, api, edition)}


def describe_deployed_apis(call: Call, params: Any) -> Mapping[str, Any]:
    page = page_of(params)
    wanted = EditionFilter(
        group_id=params.group_id,
        api_id=params.api_id,
        stage=params.stage_name.upper() if params.stage_name else None,
        name_part=params.api_name,
        path_part=params.api_path,
        method=params.api_method.upper() if params.api_method else None,
        online_only=True,
        tags=params.tag or (),
    )
    found = list_editions(call.transaction, wanted, page)
    return {"deployed_apis": [_row(call, one) for one in found.editions], **page_fields(page, found.total)}


def prepare_release(transaction: Transaction, api: Api, stage: str, definition: str, version: str) -> Release:
    """Raises: ApiError, when the definition cannot be served."""
    frozen = _with_backend(transaction, freeze(api.api_id, api.group_id, stage, definition))
    group = require_group(transaction, api.group_id)
    access = _access(transaction, frozen.draft)
    released = release(frozen, References(group.base_path, access.name if access is not None else None), version)
    _check_route_is_free(transaction, api, stage, frozen.draft)
    return released


def _check_function_has_url(call: Call, released: Release) -> None:
    target = released.body["backend"]["target"]
    if target["type"] == "function" and "url" not in target and not call.settings.function_url:
        text = "has no URL: send TriggerUrl, or set function_url, which makes one of the names of a function."
        raise errors.invalid([Problem("ServiceConfig.FunctionComputeConfig", text)])


def _with_backend(transaction: Transaction, frozen: Frozen) -> Frozen:
    """What the backend object of the definition says for the stage, in the place of a backend of its own."""
    if not frozen.draft.backend_enable:
        return frozen
    backend = find_backend(transaction, frozen.draft.backend_id or "")
    model = None if backend is None else find_backend_model(transaction, backend.backend_id, frozen.stage)
    if backend is None or model is None:
        return replace(frozen, draft=without_backend(frozen.draft))
    return replace(frozen, draft=with_backend(frozen.draft, backend.backend_type, model.data))


def _access(transaction: Transaction, draft: Draft) -> VpcAccess | None:
    """The VPC access that a definition means: by name, by id, or by network, target and port."""
    vpc = draft.service_config.vpc_config
    if vpc is None or not draft.uses_vpc:
        return None
    if vpc.name:
        return find_access(transaction, vpc.name)
    if vpc.vpc_access_id:
        found = list_accesses(transaction, AccessFilter(access_id=vpc.vpc_access_id), Page(1, 1)).accesses
        return found[0] if found else None
    if vpc.vpc_id and vpc.instance_id and vpc.port:
        return find_access_to(transaction, vpc.vpc_id, vpc.instance_id, vpc.port)
    return None


def _check_route_is_free(transaction: Transaction, api: Api, stage: str, draft: Draft) -> None:
    """Drafts change after they are published, so another API may still serve this path."""
    route = route_of(draft)
    for edition in online_with_text(transaction, api.group_id, stage, draft.path.split("[")[0]):
        other = draft_of(edition.definition)
        if edition.api_id != api.api_id and route_of(other) == route:
            text = f"The API {other.api_name} ({edition.api_id}) serves {other.method} {other.path} in {stage}"
            raise errors.repeated("RequestPath", f"{text}; abolish it there, or choose another path.")


def _require_online(transaction: Transaction, api: Api, stage: str) -> EditionRow:
    edition = find_online(transaction, api.api_id, stage)
    if edition is None:
        raise errors.not_found("Stage", f"The API {api.api_id} is not deployed in {stage[:60]}.")
    return edition


def _place(call: Call, api: Api, edition: EditionRow) -> dict[str, Any]:
    return {
        "api_id": api.api_id,
        "group_id": api.group_id,
        "group_name": require_group(call.transaction, api.group_id).name,
        "region_id": call.settings.region,
        "stage_name": edition.stage,
        "deployed_time": utc_text(edition.deployed_at),
    }


def _row(call: Call, listed: ListedEdition) -> dict[str, Any]:
    edition, draft = listed.edition, draft_of(listed.edition.definition)
    return {
        "api_id": edition.api_id,
        "api_name": draft.api_name,
        "api_method": draft.method,
        "api_path": draft.path,
        "description": draft.description,
        "visibility": draft.visibility.upper(),
        "group_id": edition.group_id,
        "group_name": listed.group_name,
        "region_id": call.settings.region,
        "stage_name": edition.stage,
        "deployed_time": utc_text(edition.deployed_at),
    }
