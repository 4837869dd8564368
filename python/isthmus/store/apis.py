"""Rows of `apis`: the drafts.

Called by `operations/apis.py` and by the operations that publish. What a definition means is checked before it comes
here. Invariant: each change of a draft makes its `draft_revision` one larger.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, delete, exists, func, insert, select, update

from isthmus.store.database import Transaction
from isthmus.store.records import Change
from isthmus.store.schema import apis, editions, groups
from isthmus.store.selection import Page, contains_text, select_page
from isthmus.store.tags import carries_tags, remove_all_tags

TAG_TYPE = "api"


@dataclass(frozen=True)
class Api:
    api_id: str
    group_id: str
    name: str
    description: str
    # Upper case.
    method: str
    path: str
    visibility: str
    # JSON text of the draft.
    definition: str
    draft_revision: int
    created_at: int
    modified_at: int


@dataclass(frozen=True)
class ApiChange:
    """What creating or modifying an API sets."""

    name: str
    description: str
    method: str
    path: str
    visibility: str
    definition: str


class ListedApi(NamedTuple):
    api: Api
    group_name: str


class Apis(NamedTuple):
    apis: list[ListedApi]
    total: int


@dataclass(frozen=True)
class ApiFilter:
    api_id: str | None = None
    group_id: str | None = None
    name_part: str | None = None
    path_part: str | None = None
    method: str | None = None
    visibility: str | None = None
    # Only what runs there; with `undeployed`, only what does not run there (or anywhere).
    stage: str | None = None
    undeployed: bool = False
    tags: Iterable[Mapping[str, Any]] = ()


def find_api(transaction: Transaction, api_id: str) -> Api | None:
    row = transaction.connection.execute(select(apis).where(apis.c.api_id == api_id)).first()
    return None if row is None else _api(row)


def find_api_by_name(transaction: Transaction, group_id: str, name: str) -> Api | None:
    return _find_in_group(transaction, group_id, apis.c.name == name)


def find_api_by_path(transaction: Transaction, group_id: str, method: str, path: str) -> Api | None:
    return _find_in_group(transaction, group_id, apis.c.method == method, apis.c.path == path)


def count_apis(transaction: Transaction, group_id: str) -> int:
    query = select(func.count()).select_from(apis).where(apis.c.group_id == group_id)
    return transaction.connection.execute(query).scalar_one()


def count_all_apis(transaction: Transaction) -> int:
    return transaction.connection.execute(select(func.count()).select_from(apis)).scalar_one()


def list_apis(transaction: Transaction, wanted: ApiFilter, page: Page) -> Apis:
    """Newest modified first."""
    query = select(apis).where(*carries_tags(TAG_TYPE, apis.c.api_id, wanted.tags))
    for column, value in (
        (apis.c.api_id, wanted.api_id),
        (apis.c.group_id, wanted.group_id),
        (apis.c.method, wanted.method),
        (apis.c.visibility, wanted.visibility),
    ):
        if value is not None:
            query = query.where(column == value)
    for column, part in ((apis.c.name, wanted.name_part), (apis.c.path, wanted.path_part)):
        if part is not None:
            query = query.where(contains_text(column, part))
    if wanted.undeployed:
        query = query.where(~_runs(wanted.stage))
    elif wanted.stage is not None:
        query = query.where(_runs(wanted.stage))
    # Both downwards, as an index has them.
    order = [apis.c.modified_at.desc(), apis.c.api_id.desc()]
    found = select_page(transaction, query, order, page, [apis.c.api_id])
    # Names of groups for the page alone: a join would have to be counted as well.
    names = _group_names(transaction, {row.group_id for row in found.rows})
    return Apis([ListedApi(_api(row), names[row.group_id]) for row in found.rows], found.total)


def edited_since_publish(transaction: Transaction, group_id: str | None, most: int) -> list[Api]:
    """Running APIs whose draft changed after what runs was published, newest change first."""
    conditions = [editions.c.api_id == apis.c.api_id, editions.c.online, editions.c.deployed_at <= apis.c.modified_at]
    query = select(apis).where(exists().where(*conditions))
    if group_id is not None:
        query = query.where(apis.c.group_id == group_id)
    query = query.order_by(apis.c.modified_at.desc(), apis.c.api_id).limit(most)
    return [_api(row) for row in transaction.connection.execute(query)]


def add_api(transaction: Transaction, group_id: str, change: ApiChange) -> Api:
    """The caller has checked that name and path are free."""
    api = Api(
        api_id=uuid.uuid4().hex,
        group_id=group_id,
        draft_revision=1,
        created_at=transaction.now,
        modified_at=transaction.now,
        **vars(change),
    )
    transaction.connection.execute(insert(apis).values(vars(api)))
    transaction.note(Change("draft", api.api_id, None, json.loads(api.definition)))
    return api


def update_api(transaction: Transaction, api_id: str, change: ApiChange) -> None:
    before = _stored_draft(transaction, api_id)
    transaction.note(Change("draft", api_id, before, json.loads(change.definition)))
    values = {**vars(change), "draft_revision": apis.c.draft_revision + 1, "modified_at": transaction.now}
    transaction.connection.execute(update(apis).where(apis.c.api_id == api_id).values(values))


def remove_api(transaction: Transaction, api_id: str) -> None:
    """Takes its grants and tags with it; its history stays."""
    transaction.note(Change("draft", api_id, _stored_draft(transaction, api_id), None))
    transaction.connection.execute(delete(apis).where(apis.c.api_id == api_id))
    remove_all_tags(transaction, TAG_TYPE, api_id)


def _stored_draft(transaction: Transaction, api_id: str) -> dict[str, Any] | None:
    api = find_api(transaction, api_id)
    return None if api is None else dict(json.loads(api.definition))


def _find_in_group(transaction: Transaction, group_id: str, *conditions: ColumnElement[bool]) -> Api | None:
    query = select(apis).where(apis.c.group_id == group_id, *conditions)
    row = transaction.connection.execute(query).first()
    return None if row is None else _api(row)


def _group_names(transaction: Transaction, group_ids: Iterable[str]) -> dict[str, str]:
    query = select(groups.c.group_id, groups.c.name).where(groups.c.group_id.in_(list(group_ids)))
    return {row.group_id: row.name for row in transaction.connection.execute(query)}


def _runs(stage: str | None) -> ColumnElement[bool]:
    conditions = [editions.c.api_id == apis.c.api_id, editions.c.online]
    if stage is not None:
        conditions.append(editions.c.stage == stage)
    return exists().where(*conditions)


def _api(row: Row[Any]) -> Api:
    return Api(
        api_id=row.api_id,
        group_id=row.group_id,
        name=row.name,
        description=row.description,
        method=row.method,
        path=row.path,
        visibility=row.visibility,
        definition=row.definition,
        draft_revision=row.draft_revision,
        created_at=row.created_at,
        modified_at=row.modified_at,
    )
