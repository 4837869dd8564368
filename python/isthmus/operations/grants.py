"""Operations on grants: which app may call which API in which stage, and until when.

A grant may be given before the API is published. Giving one again renews it; taking one that is not there succeeds.
Each write puts or removes the grant's plan record, which acts at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.operations.call import Call
from isthmus.operations.credentials import require_app
from isthmus.operations.fields import raise_problems, read_app_id, read_ids, text_problems
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.stages import require_stage
from isthmus.operations.times import read_time, utc_text
from isthmus.publish.bindings import grant_key, grant_record
from isthmus.store import Transaction
from isthmus.store.apps import TAG_TYPE, find_apps
from isthmus.store.grants import (
    ApiIdentity,
    Grant,
    GrantedApi,
    GrantFilter,
    find_api_identities,
    list_granted_apis,
    list_grants,
    put_grant,
    remove_grant,
)
from isthmus.store.tags import tags_of

# Everybody who calls the management API is the provider.
_OPERATOR = "PROVIDER"
_SOURCE = "API"


@dataclass(frozen=True)
class _Terms:
    """What a grant says besides who may call what."""

    description: str
    expires_at: int | None


def set_apps_authorities(call: Call, params: Any) -> Mapping[str, Any]:
    terms = _terms(params)
    (api,) = _require_apis(call.transaction, [params.api_id], params.group_id)
    apps = _require_apps(call.transaction, read_ids("AppIds", params.app_ids))
    for app_id in apps:
        _give(call.transaction, api, params.stage_name, app_id, terms)
    return {}


def set_apis_authorities(call: Call, params: Any) -> Mapping[str, Any]:
    terms = _terms(params)
    app = require_app(call.transaction, params.app_id)
    for api in _require_apis(call.transaction, read_ids("ApiIds", params.api_ids), params.group_id):
        _give(call.transaction, api, params.stage_name, app.app_id, terms)
    return {}


def remove_apps_authorities(call: Call, params: Any) -> Mapping[str, Any]:
    (api,) = _require_apis(call.transaction, [params.api_id], params.group_id)
    for app_id in read_ids("AppIds", params.app_ids):
        _take(call.transaction, api.api_id, params.stage_name, read_app_id("AppIds", app_id))
    return {}


def remove_apis_authorities(call: Call, params: Any) -> Mapping[str, Any]:
    app = require_app(call.transaction, params.app_id)
    api_ids = read_ids("ApiIds", params.api_ids)
    # An API that is gone has lost its grants; only one of another group is a mistake.
    _require_apis(call.transaction, list(find_api_identities(call.transaction, api_ids)), params.group_id)
    for api_id in api_ids:
        _take(call.transaction, api_id, params.stage_name, app.app_id)
    return {}


def describe_authorized_apps(call: Call, params: Any) -> Mapping[str, Any]:
    """Newest first: clients look for a grant that they have just given on the first page."""
    page = page_of(params)
    _require_apis(call.transaction, [params.api_id], params.group_id)
    stage = None if params.stage_name is None else params.stage_name.upper()
    wanted = GrantFilter(api_id=params.api_id, app_id=params.app_id, stage=stage, app_name_part=params.app_name)
    found = list_grants(call.transaction, wanted, page)
    tags = tags_of(call.transaction, TAG_TYPE, [str(granted.grant.app_id) for granted in found.grants])
    rows = [
        {
            **_terms_shown(granted),
            "app_id": granted.grant.app_id,
            "app_name": granted.app_name,
            "app_description": granted.app_description,
            "description": granted.grant.description,
            "stage_alias": granted.grant.stage,
            "authorized_time": utc_text(granted.grant.granted_at),
            "tag": tags[str(granted.grant.app_id)],
        }
        for granted in found.grants
    ]
    return {"authorized_apps": rows, **page_fields(page, found.total)}


def describe_authorized_apis(call: Call, params: Any) -> Mapping[str, Any]:
    page = page_of(params)
    app = require_app(call.transaction, params.app_id)
    found = list_grants(call.transaction, GrantFilter(app_id=app.app_id), page)
    rows = [
        {
            **_terms_shown(granted),
            **_api_shown(call, granted),
            "description": granted.grant.description,
            "authorized_time": utc_text(granted.grant.granted_at),
        }
        for granted in found.grants
    ]
    return {"authorized_apis": rows, **page_fields(page, found.total)}


def describe_apis_by_app(call: Call, params: Any) -> Mapping[str, Any]:
    page = page_of(params)
    found = list_grants(call.transaction, _of_app(call, params), page)
    rows = [
        {**_terms_shown(granted), **_relation_shown(call, granted), "stage_alias": granted.grant.stage}
        for granted in found.grants
    ]
    return {"app_api_relation_infos": rows, **page_fields(page, found.total)}


def describe_apis_with_stage_name_integrated_by_app(call: Call, params: Any) -> Mapping[str, Any]:
    """A row for each API, with its stages and until when the app may call it there; an empty time has no end."""
    page = page_of(params)
    found, total = list_granted_apis(call.transaction, _of_app(call, params), page)
    rows = []
    for granted in found:
        terms = [_terms_shown(one) for one in granted]
        stages = {one["stage_name"]: one["auth_vaild_time"] or "" for one in terms}
        shared = {name: terms[0][name] for name in ("operator", "authorization_source")}
        rows.append({**shared, **_relation_shown(call, granted[0]), "stage_name_and_auth": stages})
    return {"app_api_relation_infos": rows, **page_fields(page, total)}


def _terms(params: Any) -> _Terms:
    problems = text_problems("Description", params.description, 180)
    expires_at = None
    if params.auth_valid_time is not None:
        try:
            expires_at = read_time(params.auth_valid_time)
        except ValueError:
            text = "is not a time; write 2030-01-31T00:00:00Z or Thu, 31 Jan 2030 00:00:00 GMT."
            problems.append(Problem("AuthValidTime", text))
    raise_problems(problems)
    return _Terms(params.description or "", expires_at)


def _require_apis(transaction: Transaction, api_ids: Sequence[str], group_id: str | None) -> list[ApiIdentity]:
    """Every one of them, in the group when one is named. Raises: ApiError."""
    found = find_api_identities(transaction, api_ids)
    lacking = [api_id for api_id in api_ids if api_id not in found]
    if group_id is not None:
        lacking += [api.api_id for api in found.values() if api.group_id != group_id]
    if lacking:
        where = "" if group_id is None else f" in the group {group_id[:40]}"
        raise errors.not_found("Api", f"There is no API {', '.join(lacking)[:400]}{where}.")
    return [found[api_id] for api_id in api_ids]


def _require_apps(transaction: Transaction, ids: Sequence[str]) -> list[int]:
    app_ids = [read_app_id("AppIds", text) for text in ids]
    found = find_apps(transaction, app_ids)
    lacking = [str(app_id) for app_id in app_ids if app_id not in found]
    if lacking:
        raise errors.not_found("App", f"There is no app {', '.join(lacking)[:400]}.")
    return list(dict.fromkeys(app_ids))


def _give(transaction: Transaction, api: ApiIdentity, stage_name: str, app_id: int, terms: _Terms) -> None:
    grant = Grant(
        api_id=api.api_id,
        stage=require_stage(transaction, api.group_id, stage_name).name,
        app_id=app_id,
        operator=_OPERATOR,
        description=terms.description,
        expires_at=terms.expires_at,
        granted_at=transaction.now,
    )
    put_grant(transaction, grant)
    transaction.records.put(*grant_record(grant))


def _take(transaction: Transaction, api_id: str, stage_name: str, app_id: int) -> None:
    stage = stage_name.upper()
    remove_grant(transaction, api_id, stage, app_id)
    transaction.records.remove("grant", grant_key(api_id, stage, app_id))


def _terms_shown(granted: GrantedApi) -> dict[str, Any]:
    expires_at = granted.grant.expires_at
    return {
        "stage_name": granted.grant.stage,
        "operator": granted.grant.operator,
        "authorization_source": _SOURCE,
        "auth_vaild_time": None if expires_at is None else utc_text(expires_at),
    }


def _of_app(call: Call, params: Any) -> GrantFilter:
    """Raises: ApiError."""
    return GrantFilter(
        app_id=require_app(call.transaction, params.app_id).app_id,
        api_id=params.api_uid,
        api_name_part=params.api_name,
        method=None if params.method is None else params.method.upper(),
        path_part=params.path,
        description_part=params.description,
    )


def _relation_shown(call: Call, granted: GrantedApi) -> dict[str, Any]:
    return {
        **_api_shown(call, granted),
        "description": granted.api_description,
        "method": granted.method,
        "path": granted.path,
        "created_time": utc_text(granted.grant.granted_at),
    }


def _api_shown(call: Call, granted: GrantedApi) -> dict[str, Any]:
    return {
        "api_id": granted.grant.api_id,
        "api_name": granted.api_name,
        "group_id": granted.group_id,
        "group_name": granted.group_name,
        "region_id": call.settings.region,
    }
