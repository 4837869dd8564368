"""Rows of `apis`: the drafts.

Called by the operations on APIs and by publishing. A draft's definition is JSON text under inside names
(`model/definition.py`); `draft_revision` grows with every change of it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, exists, func, insert, select, update

from isthmus.store.database import Transaction
from isthmus.store.schema import apis, editions
from isthmus.store.selection import Page, contains_text, select_page
from isthmus.store.tags import carries_tags, remove_all_tags

TAG_TYPE = "api"


@dataclass(frozen=True)
class Api:
    """One draft; `method` and `path` repeat what its definition says, for look-ups."""

    api_id: str
    group_id: str
    name: str
    description: str
    method: str
    path: str
    visibility: str
    definition: dict[str, Any]
    draft_revision: int
    created_at: int
    modified_at: int


class Apis(NamedTuple):
    apis: list[Api]
    total: int


@dataclass(frozen=True)
class ApiFilter:
    api_id: str | None = None
    group_id: str | None = None
    name_part: str | None = None
    path: str | None = None
    method: str | None = None
    visibility: str | None = None
    # Only those that are (or with `undeployed` are not) online in this stage; "" means any stage.
    stage: str | None = None
    undeployed: bool = False
    tags: Iterable[Mapping[str, Any]] = ()


def find_api(transaction: Transaction, api_id: str) -> Api | None:
    row = transaction.connection.execute(select(apis).where(apis.c.api_id == api_id)).first()
    return None if row is None else _api(row)


def find_by_name(transaction: Transaction, group_id: str, name: str) -> str | None:
    """The id of the API with this name in the group."""
    query = select(apis.c.api_id).where(apis.c.group_id == group_id, apis.c.name == name)
    return transaction.connection.execute(query).scalar()


def find_by_path(transaction: Transaction, group_id: str, method: str, path: str) -> str | None:
    """The id of the API with this method and path in the group."""
    query = select(apis.c.api_id).where(apis.c.group_id == group_id, apis.c.method == method, apis.c.path == path)
    return transaction.connection.execute(query).scalar()


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
    if wanted.name_part is not None:
        query = query.where(contains_text(apis.c.name, wanted.name_part))
    if wanted.path is not None:
        query = query.where(contains_text(apis.c.path, wanted.path))
    if wanted.stage is not None or wanted.undeployed:
        online = exists().where(editions.c.api_id == apis.c.api_id, editions.c.online)
        if wanted.stage:
            online = online.where(editions.c.stage == wanted.stage)
        query = query.where(~online if wanted.undeployed else online)
    found = select_page(transaction, query, [apis.c.modified_at.desc(), apis.c.api_id], page)
    return Apis([_api(row) for row in found.rows], found.total)


def add_api(transaction: Transaction, api: Api) -> None:
    """The caller has checked that name and path are free in the group."""
    transaction.connection.execute(insert(apis).values(_values(api)))


def update_api(transaction: Transaction, api: Api) -> None:
    """Writes the whole draft; its revision grows."""
    values = _values(api)
    for fixed in ("api_id", "group_id", "created_at"):
        del values[fixed]
    values |= {"draft_revision": apis.c.draft_revision + 1, "modified_at": transaction.now}
    transaction.connection.execute(update(apis).where(apis.c.api_id == api.api_id).values(values))


def remove_api(transaction: Transaction, api_id: str) -> None:
    """Takes its grants, its history and its tags with it."""
    transaction.connection.execute(delete(editions).where(editions.c.api_id == api_id))
    transaction.connection.execute(delete(apis).where(apis.c.api_id == api_id))
    remove_all_tags(transaction, TAG_TYPE, api_id)


def count_apis(transaction: Transaction, group_id: str) -> int:
    query = select(func.count()).select_from(apis).where(apis.c.group_id == group_id)
    return transaction.connection.execute(query).scalar_one()


def new_api_id() -> str:
    return uuid.uuid4().hex


def _values(api: Api) -> dict[str, Any]:
    return {**vars(api), "definition": json.dumps(api.definition, ensure_ascii=False)}


def _api(row: Row[Any]) -> Api:
    return Api(**{**row._mapping, "definition": json.loads(row.definition)})
