"""Rows of `grants`, with what a list of them shows of the API and the app.

Called by `operations/grants.py`; whoever deletes an API asks `grants_of_api` first, because their plan records go too.
Invariant: lists are newest first, so that a grant just given is on the first page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, delete, func, insert, select

from isthmus.store.database import Transaction
from isthmus.store.schema import apis, apps, grants, groups
from isthmus.store.selection import Page, contains_text, select_page


@dataclass(frozen=True)
class Grant:
    api_id: str
    stage: str
    app_id: int
    operator: str
    description: str
    expires_at: int | None
    granted_at: int


@dataclass(frozen=True)
class GrantedApi:
    """A grant with the names of what it is for."""

    grant: Grant
    api_name: str
    api_description: str
    method: str
    path: str
    group_id: str
    group_name: str
    app_name: str
    app_description: str


class GrantedApis(NamedTuple):
    grants: list[GrantedApi]
    total: int


@dataclass(frozen=True)
class GrantFilter:
    api_id: str | None = None
    app_id: int | None = None
    stage: str | None = None
    app_name_part: str | None = None
    api_name_part: str | None = None
    method: str | None = None
    path_part: str | None = None
    description_part: str | None = None


@dataclass(frozen=True)
class ApiIdentity:
    api_id: str
    group_id: str
    name: str


def list_grants(transaction: Transaction, wanted: GrantFilter, page: Page) -> GrantedApis:
    order = [grants.c.granted_at.desc(), grants.c.api_id, grants.c.stage, grants.c.app_id]
    found = select_page(transaction, _wanted(wanted), order, page)
    return GrantedApis([_granted(row) for row in found.rows], found.total)


def list_granted_apis(transaction: Transaction, wanted: GrantFilter, page: Page) -> tuple[list[list[GrantedApi]], int]:
    """By API: the grants of each, newest first, and how many APIs there are."""
    latest = func.max(grants.c.granted_at).label("latest")
    each = _wanted(wanted).with_only_columns(grants.c.api_id, latest).group_by(grants.c.api_id).subquery()
    found = select_page(transaction, select(each), [each.c.latest.desc(), each.c.api_id], page)
    by_api: dict[str, list[GrantedApi]] = {row.api_id: [] for row in found.rows}
    rows = _wanted(wanted).where(grants.c.api_id.in_(list(by_api)))
    for row in transaction.connection.execute(rows.order_by(grants.c.granted_at.desc(), grants.c.stage)):
        by_api[row.api_id].append(_granted(row))
    return list(by_api.values()), found.total


def _wanted(wanted: GrantFilter) -> Select[Any]:
    query = (
        select(
            grants,
            apis.c.name.label("api_name"),
            apis.c.description.label("api_description"),
            apis.c.method,
            apis.c.path,
            apis.c.group_id,
            groups.c.name.label("group_name"),
            apps.c.name.label("app_name"),
            apps.c.description.label("app_description"),
        )
        .join(apis, apis.c.api_id == grants.c.api_id)
        .join(groups, groups.c.group_id == apis.c.group_id)
        .join(apps, apps.c.app_id == grants.c.app_id)
    )
    for column, value in (
        (grants.c.api_id, wanted.api_id),
        (grants.c.app_id, wanted.app_id),
        (grants.c.stage, wanted.stage),
        (apis.c.method, wanted.method),
    ):
        if value is not None:
            query = query.where(column == value)
    for column, part in (
        (apps.c.name, wanted.app_name_part),
        (apis.c.name, wanted.api_name_part),
        (apis.c.path, wanted.path_part),
        (apis.c.description, wanted.description_part),
    ):
        if part is not None:
            query = query.where(contains_text(column, part))
    return query


def put_grant(transaction: Transaction, grant: Grant) -> None:
    """Sets a grant, whether or not it is there."""
    remove_grant(transaction, grant.api_id, grant.stage, grant.app_id)
    transaction.connection.execute(insert(grants).values(vars(grant)))


def remove_grant(transaction: Transaction, api_id: str, stage: str, app_id: int) -> None:
    gone = delete(grants).where(grants.c.api_id == api_id, grants.c.stage == stage, grants.c.app_id == app_id)
    transaction.connection.execute(gone)


def grants_of_api(transaction: Transaction, api_id: str) -> list[Grant]:
    rows = transaction.connection.execute(select(grants).where(grants.c.api_id == api_id))
    return [_grant(row) for row in rows]


def grants_of_app(transaction: Transaction, app_id: int) -> list[Grant]:
    rows = transaction.connection.execute(select(grants).where(grants.c.app_id == app_id))
    return [_grant(row) for row in rows]


def find_api_identities(transaction: Transaction, api_ids: Iterable[str]) -> dict[str, ApiIdentity]:
    """Which of these APIs exist, and in which group."""
    query = select(apis.c.api_id, apis.c.group_id, apis.c.name).where(apis.c.api_id.in_(set(api_ids)))
    rows = transaction.connection.execute(query)
    return {row.api_id: ApiIdentity(row.api_id, row.group_id, row.name) for row in rows}


def _grant(row: Row[Any]) -> Grant:
    return Grant(
        api_id=row.api_id,
        stage=row.stage,
        app_id=row.app_id,
        operator=row.operator,
        description=row.description,
        expires_at=row.expires_at,
        granted_at=row.granted_at,
    )


def _granted(row: Row[Any]) -> GrantedApi:
    return GrantedApi(
        grant=_grant(row),
        api_name=row.api_name,
        api_description=row.api_description,
        method=row.method,
        path=row.path,
        group_id=row.group_id,
        group_name=row.group_name,
        app_name=row.app_name,
        app_description=row.app_description,
    )
