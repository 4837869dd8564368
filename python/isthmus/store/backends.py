"""Rows of `backends` and `backend_models`: backend objects, with one model for each stage.

Called by the operations on backends and by those that publish. Invariant: a backend has at most one model in a stage.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, insert, select, update

from isthmus.model import from_document, to_document
from isthmus.model.backend import BackendModelData
from isthmus.store.apis import Api, find_api
from isthmus.store.database import Transaction
from isthmus.store.editions import EditionRow, find_online
from isthmus.store.schema import apis, backend_models, backends, editions
from isthmus.store.selection import Page, contains_text, select_page
from isthmus.store.tags import carries_tags, remove_all_tags

TAG_TYPE = "backend"


@dataclass(frozen=True)
class Backend:
    backend_id: str
    name: str
    backend_type: str
    description: str
    created_at: int
    modified_at: int


@dataclass(frozen=True)
class BackendModel:
    backend_model_id: str
    backend_id: str
    # Upper case.
    stage: str
    description: str
    data: BackendModelData
    created_at: int
    modified_at: int


class Backends(NamedTuple):
    backends: list[Backend]
    total: int


@dataclass(frozen=True)
class BackendFilter:
    name_part: str | None = None
    backend_type: str | None = None
    tags: Iterable[Mapping[str, Any]] = ()


def find_backend(transaction: Transaction, backend_id: str) -> Backend | None:
    row = transaction.connection.execute(select(backends).where(backends.c.backend_id == backend_id)).first()
    return None if row is None else _backend(row)


def find_backend_by_name(transaction: Transaction, name: str) -> Backend | None:
    row = transaction.connection.execute(select(backends).where(backends.c.name == name)).first()
    return None if row is None else _backend(row)


def list_backends(transaction: Transaction, wanted: BackendFilter, page: Page) -> Backends:
    """Newest first."""
    query = select(backends).where(*carries_tags(TAG_TYPE, backends.c.backend_id, wanted.tags))
    if wanted.name_part is not None:
        query = query.where(contains_text(backends.c.name, wanted.name_part))
    if wanted.backend_type is not None:
        query = query.where(backends.c.backend_type == wanted.backend_type)
    found = select_page(transaction, query, [backends.c.created_at.desc(), backends.c.backend_id], page)
    return Backends([_backend(row) for row in found.rows], found.total)


def add_backend(transaction: Transaction, name: str, backend_type: str, description: str) -> Backend:
    """The caller has checked that the name is free."""
    now = transaction.now
    backend = Backend(uuid.uuid4().hex, name, backend_type, description, now, now)
    transaction.connection.execute(insert(backends).values(vars(backend)))
    return backend


def update_backend(transaction: Transaction, backend: Backend) -> None:
    values = {"name": backend.name, "backend_type": backend.backend_type, "description": backend.description}
    changed = update(backends).where(backends.c.backend_id == backend.backend_id)
    transaction.connection.execute(changed.values({**values, "modified_at": transaction.now}))


def remove_backend(transaction: Transaction, backend_id: str) -> None:
    """Takes its models and tags with it."""
    transaction.connection.execute(delete(backends).where(backends.c.backend_id == backend_id))
    remove_all_tags(transaction, TAG_TYPE, backend_id)


def models_of_backend(transaction: Transaction, backend_id: str) -> list[BackendModel]:
    """By stage."""
    query = select(backend_models).where(backend_models.c.backend_id == backend_id).order_by(backend_models.c.stage)
    return [_model(row) for row in transaction.connection.execute(query)]


def find_backend_model(transaction: Transaction, backend_id: str, stage: str) -> BackendModel | None:
    """`stage` in upper case."""
    return next((model for model in models_of_backend(transaction, backend_id) if model.stage == stage), None)


def add_backend_model(
    transaction: Transaction, backend_id: str, stage: str, description: str, data: BackendModelData
) -> BackendModel:
    """The caller has checked that the stage has none."""
    now = transaction.now
    model = BackendModel(uuid.uuid4().hex, backend_id, stage, description, data, now, now)
    values = {**vars(model), "data": json.dumps(to_document(data))}
    transaction.connection.execute(insert(backend_models).values(values))
    return model


def update_backend_model(transaction: Transaction, model: BackendModel) -> None:
    values = {"description": model.description, "data": json.dumps(to_document(model.data))}
    changed = update(backend_models).where(backend_models.c.backend_model_id == model.backend_model_id)
    transaction.connection.execute(changed.values({**values, "modified_at": transaction.now}))


def remove_backend_model(transaction: Transaction, backend_model_id: str) -> None:
    same = backend_models.c.backend_model_id == backend_model_id
    transaction.connection.execute(delete(backend_models).where(same))


def drafts_using(transaction: Transaction, backend_id: str) -> list[Api]:
    """APIs whose draft names the backend, by name."""
    query = select(apis.c.api_id, apis.c.definition).where(apis.c.definition.contains(backend_id, autoescape=True))
    rows = transaction.connection.execute(query.order_by(apis.c.name, apis.c.api_id)).all()
    used = [row.api_id for row in rows if _uses(json.loads(row.definition), backend_id)]
    return [api for api_id in used if (api := find_api(transaction, api_id)) is not None]


def editions_using(transaction: Transaction, backend_id: str, stage: str | None = None) -> list[EditionRow]:
    """What runs on the backend, in one stage or in all."""
    query = select(editions.c.api_id, editions.c.stage).where(
        editions.c.online, editions.c.definition.contains(backend_id, autoescape=True)
    )
    if stage is not None:
        query = query.where(editions.c.stage == stage)
    rows = transaction.connection.execute(query.order_by(editions.c.api_id, editions.c.stage)).all()
    found = (find_online(transaction, row.api_id, row.stage) for row in rows)
    return [one for one in found if one is not None and _uses(json.loads(one.definition), backend_id)]


def _uses(definition: Mapping[str, Any], backend_id: str) -> bool:
    return bool(definition.get("backend_enable")) and definition.get("backend_id") == backend_id


def _backend(row: Row[Any]) -> Backend:
    return Backend(row.backend_id, row.name, row.backend_type, row.description, row.created_at, row.modified_at)


def _model(row: Row[Any]) -> BackendModel:
    data = from_document(BackendModelData, json.loads(row.data))
    return BackendModel(
        row.backend_model_id, row.backend_id, row.stage, row.description, data, row.created_at, row.modified_at
    )
