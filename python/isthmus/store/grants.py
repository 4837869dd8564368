"""Rows of `grants`, with what a list of them shows of the API and the app.

Called by `operations/grants.py`; whoever deletes an API asks `grants_of_api` first, because their plan records go too.
Invariant: lists are newest first, so that a grant just given is on the first page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    return GrantedApis(_with_names(transaction, [_grant(row) for row in found.rows]), found.total)


def list_granted_apis(transaction: Transaction, wanted: GrantFilter, page: Page) -> tuple[list[list[GrantedApi]], int]:
    """By API: the grants of each, newest first, and how many APIs there are."""
    latest = func.max(grants.c.granted_at).label("latest")
    each = _wanted(wanted).with_only_columns(grants.c.api_id, latest, maintain_column_froms=True)
    listed = each.group_by(grants.c.api_id).subquery()
    found = select_page(transaction, select(listed), [listed.c.latest.desc(), listed.c.api_id], page)
    by_api: dict[str, list[GrantedApi]] = {row.api_id: [] for row in found.rows}
    query = _wanted(wanted).where(grants.c.api_id.in_(list(by_api)))
    rows = transaction.connection.execute(query.order_by(grants.c.granted_at.desc(), grants.c.stage))
    for granted in _with_names(transaction, [_grant(row) for row in rows]):
        by_api[granted.grant.api_id].append(granted)
    return list(by_api.values()), found.total


def _wanted(wanted: GrantFilter) -> Select[Any]:
    """Joins only what is asked for: an app may have as many grants as there are APIs."""
    query = select(grants)
    of_api = [apis.c.method == wanted.method] if wanted.method is not None else []
    for column, part in (
        (apis.c.name, wanted.api_name_part),
        (apis.c.path, wanted.path_part),
        (apis.c.description, wanted.description_part),
    ):
        if part is not None:
            of_api.append(contains_text(column, part))
    if of_api:
        query = query.join(apis, apis.c.api_id == grants.c.api_id).where(*of_api)
    if wanted.app_name_part is not None:
        query = query.join(apps, apps.c.app_id == grants.c.app_id)
        query = query.where(contains_text(apps.c.name, wanted.app_name_part))
    for column, value in (
        (grants.c.api_id, wanted.api_id),
        (grants.c.app_id, wanted.app_id),
        (grants.c.stage, wanted.stage),
    ):
        if value is not None:
            query = query.where(column == value)
    return query


def _with_names(transaction: Transaction, given: Sequence[Grant]) -> list[GrantedApi]:
    query = select(apis, groups.c.name.label("group_name")).join(groups, groups.c.group_id == apis.c.group_id)
    query = query.where(apis.c.api_id.in_({grant.api_id for grant in given}))
    of_apis = {row.api_id: row for row in transaction.connection.execute(query)}
    named = select(apps.c.app_id, apps.c.name, apps.c.description)
    named = named.where(apps.c.app_id.in_({grant.app_id for grant in given}))
    of_apps: dict[int, Any] = {row.app_id: row for row in transaction.connection.execute(named)}
    return [_granted(grant, of_apis[grant.api_id], of_apps[grant.app_id]) for grant in given]


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


def _granted(grant: Grant, api: Row[Any], app: Row[Any]) -> GrantedApi:
    return GrantedApi(
        grant=grant,
        api_name=api.name,
        api_description=api.description,
        method=api.method,
        path=api.path,
        group_id=api.group_id,
        group_name=api.group_name,
        app_name=app.name,
        app_description=app.description,
    )
