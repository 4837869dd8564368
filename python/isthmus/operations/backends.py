"""Operations on backend objects: a backend under a name, which APIs refer to (`BackendEnable`, `BackendId`).

Where it leads is the business of its models (`backend_models.py`), one for each stage. Invariant: a backend that a draft
or something published names cannot be deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.model import to_document
from isthmus.operations.apis import draft_of
from isthmus.operations.call import Call
from isthmus.operations.fields import name_problems, raise_problems, tag_problems, text_problems
from isthmus.operations.groups import require_group
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.times import utc_text
from isthmus.store import Transaction
from isthmus.store.apis import find_api
from isthmus.store.backends import (
    TAG_TYPE,
    Backend,
    BackendFilter,
    BackendModel,
    add_backend,
    drafts_using,
    editions_using,
    find_backend,
    find_backend_by_name,
    list_backends,
    models_of_backend,
    remove_backend,
    update_backend,
)
from isthmus.store.tags import put_tags, tags_of

TYPES = ("HTTP", "VPC", "FC_EVENT", "FC_EVENT_V3", "FC_HTTP", "FC_HTTP_V3", "OSS", "MOCK", "EVENTBRIDGE", "DISCOVERY")


def create_backend(call: Call, params: Any) -> Mapping[str, Any]:
    raise_problems(_problems(params) + tag_problems(params.tag))
    _check_name_is_free(call.transaction, params.backend_name)
    kind, description = params.backend_type.upper(), params.description or ""
    backend = add_backend(call.transaction, params.backend_name, kind, description)
    put_tags(call.transaction, TAG_TYPE, backend.backend_id, params.tag or ())
    return {"backend_id": backend.backend_id}


def modify_backend(call: Call, params: Any) -> Mapping[str, Any]:
    backend = require_backend(call.transaction, params.backend_id)
    raise_problems(_problems(params))
    kind = params.backend_type.upper()
    if kind != backend.backend_type and models_of_backend(call.transaction, backend.backend_id):
        text = f"is {backend.backend_type}, and the backend has models of it; delete these before the type changes."
        raise errors.invalid([Problem("BackendType", text)])
    if params.backend_name != backend.name:
        _check_name_is_free(call.transaction, params.backend_name)
    description = backend.description if params.description is None else params.description
    changed = replace(backend, name=params.backend_name, backend_type=kind, description=description)
    update_backend(call.transaction, changed)
    return {}


def delete_backend(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    backend = require_backend(transaction, params.backend_id)
    names = [api.name for api in drafts_using(transaction, backend.backend_id)]
    names += [f"{one.api_id} in {one.stage}" for one in editions_using(transaction, backend.backend_id)]
    if names:
        text = f"The backend {backend.name} is used by {', '.join(names[:5])}; change or abolish these first."
        raise errors.dependency_violation("Api", text)
    remove_backend(transaction, backend.backend_id)
    return {}


def describe_backend_info(call: Call, params: Any) -> Mapping[str, Any]:
    backend = require_backend(call.transaction, params.backend_id)
    models = models_of_backend(call.transaction, backend.backend_id)
    shown = {**_shown(backend), "backend_models": [_model_shown(backend, model) for model in models]}
    return {"backend_info": shown}


def describe_backend_list(call: Call, params: Any) -> Mapping[str, Any]:
    page = page_of(params)
    kind = params.backend_type.upper() if params.backend_type else None
    found = list_backends(call.transaction, BackendFilter(params.backend_name, kind, params.tag or ()), page)
    tags = tags_of(call.transaction, TAG_TYPE, [backend.backend_id for backend in found.backends])
    rows = [{**_shown(backend), "tags": tags[backend.backend_id]} for backend in found.backends]
    return {"backend_info_list": rows, **page_fields(page, found.total)}


def describe_apis_by_backend(call: Call, params: Any) -> Mapping[str, Any]:
    """With a stage what runs there on the backend, without one the drafts that name it."""
    page, transaction = page_of(params), call.transaction
    backend = require_backend(transaction, params.backend_id)
    if params.stage_name:
        running = editions_using(transaction, backend.backend_id, params.stage_name.upper())
        apis = [api for one in running if (api := find_api(transaction, one.api_id)) is not None]
    else:
        apis = drafts_using(transaction, backend.backend_id)
    start = (page.number - 1) * page.size
    rows = []
    for api in apis[start : start + page.size]:
        draft = draft_of(api.definition)
        rows.append(
            {
                "api_id": api.api_id,
                "api_name": api.name,
                "description": draft.description,
                "group_id": api.group_id,
                "group_name": require_group(transaction, api.group_id).name,
                "method": draft.method,
                "path": draft.path,
            }
        )
    return {"api_info_list": rows, **page_fields(page, len(apis))}


def require_backend(transaction: Transaction, backend_id: str | None) -> Backend:
    """Raises: ApiError."""
    if not backend_id:
        raise errors.missing("BackendId")
    backend = find_backend(transaction, backend_id)
    if backend is None:
        raise errors.not_found("Backend", f"There is no backend {backend_id[:60]}.")
    return backend


def require_backend_by_name(transaction: Transaction, name: str) -> Backend:
    """Raises: ApiError."""
    backend = find_backend_by_name(transaction, name)
    if backend is None:
        raise errors.not_found("Backend", f"There is no backend with the name {name[:60]}.")
    return backend


def _problems(params: Any) -> list[Problem]:
    problems = name_problems("BackendName", params.backend_name, 50)
    problems += text_problems("Description", params.description, 180)
    if params.backend_type.upper() not in TYPES:
        problems.append(Problem("BackendType", f"{params.backend_type[:40]!r} is not one of {', '.join(TYPES)}."))
    return problems


def _check_name_is_free(transaction: Transaction, name: str) -> None:
    if find_backend_by_name(transaction, name) is not None:
        raise errors.repeated("BackendName", f"There is already a backend {name}; choose another BackendName.")


def _shown(backend: Backend) -> dict[str, Any]:
    return {
        "backend_id": backend.backend_id,
        "backend_name": backend.name,
        "backend_type": backend.backend_type,
        "description": backend.description,
        "created_time": utc_text(backend.created_at),
        "modified_time": utc_text(backend.modified_at),
    }


def _model_shown(backend: Backend, model: BackendModel) -> dict[str, Any]:
    config = {**to_document(model.data), "type": backend.backend_type}
    function = config.get("function_compute_config")
    if function is not None and "region_id" in function:
        # Another name than in a draft.
        function["fc_region_id"] = function.pop("region_id")
    return {
        "backend_model_id": model.backend_model_id,
        "stage_mode_id": model.backend_model_id,
        "stage_name": model.stage,
        "description": model.description,
        "backend_config": config,
        "gmt_create": utc_text(model.created_at),
        "gmt_modified": utc_text(model.modified_at),
    }
