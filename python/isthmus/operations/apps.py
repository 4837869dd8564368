"""Operations on apps, the identities of callers.

A new app has one AppKey/AppSecret pair and one AppCode (`credentials.py`). Each write puts or removes the app's plan
record; a deleted app takes its grants with it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.operations.call import Call
from isthmus.operations.credentials import add_code, add_key, credential_problems, put_app_record, require_app
from isthmus.operations.fields import name_problems, raise_problems, tag_problems, text_problems
from isthmus.operations.paging import page_fields, page_of
from isthmus.operations.times import utc_text
from isthmus.publish.bindings import grant_key
from isthmus.store import Transaction
from isthmus.store.app_owners import put_owner
from isthmus.store.apps import (
    TAG_TYPE,
    App,
    AppFilter,
    add_app,
    count_apps,
    find_app,
    list_apps,
    remove_app,
    update_app,
)
from isthmus.store.grants import grants_of_app
from isthmus.store.tags import put_tags, tags_of

# Nine to twelve digits, as the vendor's clients expect.
_SMALLEST_ID, _IDS = 100_000_000, 10**12 - 100_000_000


def create_app(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    problems = _problems(params) + tag_problems(params.tag)
    problems += credential_problems(app_key=params.app_key, app_secret=params.app_secret, app_code=params.app_code)
    raise_problems(problems)
    if count_apps(transaction) >= call.settings.apps_limit:
        text = f"There are {call.settings.apps_limit} apps already, the limit that apps_limit sets."
        raise errors.exceed_limit("App", text)
    app = App(
        app_id=_free_id(transaction),
        name=params.app_name,
        description=params.description or "",
        extend=params.extend or "",
        disabled=False,
        created_at=transaction.now,
        modified_at=transaction.now,
    )
    add_app(transaction, app)
    put_owner(transaction, app.app_id, call.access_key_id)
    add_key(transaction, app.app_id, params.app_key, params.app_secret)
    add_code(transaction, app.app_id, params.app_code)
    put_tags(transaction, TAG_TYPE, str(app.app_id), params.tag or ())
    put_app_record(transaction, app)
    return {"app_id": app.app_id, "tag_status": True}


def modify_app(call: Call, params: Any) -> Mapping[str, Any]:
    """Partial: what is absent keeps its value."""
    transaction = call.transaction
    app = require_app(transaction, params.app_id)
    raise_problems(_problems(params))
    given = {"name": params.app_name, "description": params.description, "extend": params.extend}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if params.disabled is not None:
        changes["disabled"] = params.disabled
    if changes:
        changed = replace(app, **changes)
        update_app(transaction, changed)
        put_app_record(transaction, changed)
    return {}


def delete_app(call: Call, params: Any) -> Mapping[str, Any]:
    transaction = call.transaction
    app = require_app(transaction, params.app_id)
    for grant in grants_of_app(transaction, app.app_id):
        transaction.records.remove("grant", grant_key(grant.api_id, grant.stage, grant.app_id))
    remove_app(transaction, app.app_id)
    transaction.records.remove("app", str(app.app_id))
    return {}


def describe_app(call: Call, params: Any) -> Mapping[str, Any]:
    if params.app_id is None:
        raise errors.missing("AppId")
    return _attributes(require_app(call.transaction, params.app_id))


def describe_apps(call: Call, params: Any) -> Mapping[str, Any]:
    """What a provider sees of apps. This gateway has one account, which owns every app."""
    if params.app_id is None and params.app_owner is None:
        raise errors.missing("AppIdOrAppOwner", "Send AppId or AppOwner.")
    page = page_of(params)
    found = list_apps(call.transaction, AppFilter(app_id=params.app_id), page)
    items = [{"app_id": app.app_id, "app_name": app.name, "description": app.description} for app in found.apps]
    return {"apps": items, **page_fields(page, found.total)}


def describe_app_attributes(call: Call, params: Any) -> Mapping[str, Any]:
    page = page_of(params)
    wanted = AppFilter(
        app_id=params.app_id,
        name_part=params.app_name,
        app_key=params.app_key,
        app_code=params.app_code,
        extend=params.extend,
        tags=params.tag or (),
        oldest_first=str(params.sort or "").lower() == "asc",
    )
    found = list_apps(call.transaction, wanted, page)
    tags = tags_of(call.transaction, TAG_TYPE, [str(app.app_id) for app in found.apps])
    attributes = [{**_attributes(app), "tags": tags[str(app.app_id)]} for app in found.apps]
    return {"apps": attributes, **page_fields(page, found.total)}


def _problems(params: Any) -> list[Problem]:
    # The documented limit of a name is 26; the vendor's own tools go beyond it.
    problems = name_problems("AppName", params.app_name, 50)
    problems += text_problems("Description", params.description, 180)
    return problems + text_problems("Extend", params.extend, 4096)


def _free_id(transaction: Transaction) -> int:
    while True:
        app_id = _SMALLEST_ID + secrets.randbelow(_IDS)
        if find_app(transaction, app_id) is None:
            return app_id


def _attributes(app: App) -> dict[str, Any]:
    return {
        "app_id": app.app_id,
        "app_name": app.name,
        "description": app.description,
        "extend": app.extend,
        "disabled": app.disabled,
        "created_time": utc_text(app.created_at),
        "modified_time": utc_text(app.modified_at),
    }
