"""Rows of `apps`, `app_keys` and `app_codes`.

Called by `operations/apps.py`, `credentials.py` and `grants.py`. Invariant: secrets are sealed, and an AppCode is found
through its keyed hash only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, func, insert, select, update

from isthmus.store.database import Transaction
from isthmus.store.schema import app_codes, app_keys, apps
from isthmus.store.selection import Page, contains_text, select_page
from isthmus.store.tags import carries_tags, remove_all_tags

TAG_TYPE = "app"


@dataclass(frozen=True)
class App:
    app_id: int
    name: str
    description: str
    extend: str
    disabled: bool
    created_at: int
    modified_at: int


@dataclass(frozen=True)
class AppKey:
    """One AppKey/AppSecret pair."""

    app_key: str
    app_id: int
    secret: str
    created_at: int
    modified_at: int

    def __repr__(self) -> str:
        return f"AppKey({self.app_key}, ***)"


@dataclass(frozen=True)
class AppCode:
    code: str
    app_id: int
    created_at: int
    modified_at: int

    def __repr__(self) -> str:
        return f"AppCode(***, app {self.app_id})"


class Apps(NamedTuple):
    apps: list[App]
    total: int


@dataclass(frozen=True)
class AppFilter:
    app_id: int | None = None
    name_part: str | None = None
    app_key: str | None = None
    app_code: str | None = None
    extend: str | None = None
    tags: Iterable[Mapping[str, Any]] = ()
    oldest_first: bool = False


def find_app(transaction: Transaction, app_id: int) -> App | None:
    row = transaction.connection.execute(select(apps).where(apps.c.app_id == app_id)).first()
    return None if row is None else _app(row)


def find_apps(transaction: Transaction, app_ids: Iterable[int]) -> dict[int, App]:
    rows = transaction.connection.execute(select(apps).where(apps.c.app_id.in_(set(app_ids))))
    return {row.app_id: _app(row) for row in rows}


def count_apps(transaction: Transaction) -> int:
    return transaction.connection.execute(select(func.count()).select_from(apps)).scalar_one()


def list_apps(transaction: Transaction, wanted: AppFilter, page: Page) -> Apps:
    """Newest modified first unless the filter says otherwise."""
    query = select(apps).where(*carries_tags(TAG_TYPE, apps.c.app_id, wanted.tags))
    if wanted.app_id is not None:
        query = query.where(apps.c.app_id == wanted.app_id)
    if wanted.name_part is not None:
        query = query.where(contains_text(apps.c.name, wanted.name_part))
    if wanted.extend is not None:
        query = query.where(apps.c.extend == wanted.extend)
    if wanted.app_key is not None:
        query = query.where(apps.c.app_id.in_(select(app_keys.c.app_id).where(app_keys.c.app_key == wanted.app_key)))
    if wanted.app_code is not None:
        digest = _digest(transaction, wanted.app_code)
        query = query.where(apps.c.app_id.in_(select(app_codes.c.app_id).where(app_codes.c.code_digest == digest)))
    modified = apps.c.modified_at.asc() if wanted.oldest_first else apps.c.modified_at.desc()
    found = select_page(transaction, query, [modified, apps.c.app_id], page)
    return Apps([_app(row) for row in found.rows], found.total)


def add_app(transaction: Transaction, app: App) -> None:
    transaction.connection.execute(insert(apps).values(vars(app)))


def update_app(transaction: Transaction, app: App) -> None:
    values = {**vars(app), "modified_at": transaction.now}
    for fixed in ("app_id", "created_at"):
        del values[fixed]
    transaction.connection.execute(update(apps).where(apps.c.app_id == app.app_id).values(values))


def remove_app(transaction: Transaction, app_id: int) -> None:
    """Takes its credentials, grants and tags with it."""
    transaction.connection.execute(delete(apps).where(apps.c.app_id == app_id))
    remove_all_tags(transaction, TAG_TYPE, str(app_id))


def keys_of_app(transaction: Transaction, app_id: int) -> list[AppKey]:
    """Newest first."""
    query = select(app_keys).where(app_keys.c.app_id == app_id)
    rows = transaction.connection.execute(query.order_by(app_keys.c.created_at.desc(), app_keys.c.app_key))
    return [_key(transaction, row) for row in rows]


def find_key(transaction: Transaction, app_key: str) -> AppKey | None:
    row = transaction.connection.execute(select(app_keys).where(app_keys.c.app_key == app_key)).first()
    return None if row is None else _key(transaction, row)


def put_key(transaction: Transaction, key: AppKey) -> None:
    row = {
        "app_key": key.app_key,
        "app_id": key.app_id,
        "sealed_secret": transaction.keyring.seal("app_key", key.secret),
        "created_at": key.created_at,
        "modified_at": key.modified_at,
    }
    transaction.connection.execute(insert(app_keys).values(row))


def remove_key(transaction: Transaction, app_key: str) -> None:
    transaction.connection.execute(delete(app_keys).where(app_keys.c.app_key == app_key))


def codes_of_app(transaction: Transaction, app_id: int) -> list[AppCode]:
    """Newest first."""
    query = select(app_codes).where(app_codes.c.app_id == app_id)
    rows = transaction.connection.execute(query.order_by(app_codes.c.created_at.desc(), app_codes.c.code_digest))
    return [_code(transaction, row) for row in rows]


def find_code(transaction: Transaction, code: str) -> AppCode | None:
    query = select(app_codes).where(app_codes.c.code_digest == _digest(transaction, code))
    row = transaction.connection.execute(query).first()
    return None if row is None else _code(transaction, row)


def put_code(transaction: Transaction, code: AppCode) -> None:
    row = {
        "code_digest": _digest(transaction, code.code),
        "app_id": code.app_id,
        "sealed_code": transaction.keyring.seal("app_code", code.code),
        "created_at": code.created_at,
        "modified_at": code.modified_at,
    }
    transaction.connection.execute(insert(app_codes).values(row))


def remove_code(transaction: Transaction, code: str) -> None:
    gone = delete(app_codes).where(app_codes.c.code_digest == _digest(transaction, code))
    transaction.connection.execute(gone)


def _digest(transaction: Transaction, code: str) -> str:
    return transaction.keyring.digest("app_code", code)


def _app(row: Row[Any]) -> App:
    return App(row.app_id, row.name, row.description, row.extend, row.disabled, row.created_at, row.modified_at)


def _key(transaction: Transaction, row: Row[Any]) -> AppKey:
    secret = transaction.keyring.open("app_key", row.sealed_secret)
    return AppKey(row.app_key, row.app_id, secret, row.created_at, row.modified_at)


def _code(transaction: Transaction, row: Row[Any]) -> AppCode:
    code = transaction.keyring.open("app_code", row.sealed_code)
    return AppCode(code, row.app_id, row.created_at, row.modified_at)
