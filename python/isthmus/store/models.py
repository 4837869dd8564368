"""Rows of `models`: JSON Schemas that the drafts of a group refer to.

Called by `operations/models.py`, and by the import and export of documents. Invariant: a name is there once in a group.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, case, delete, func, insert, select, update

from isthmus.store.database import Transaction
from isthmus.store.schema import models
from isthmus.store.selection import Page, contains_text, select_page
from isthmus.store.tags import carries_tags, remove_all_tags

TAG_TYPE = "model"


@dataclass(frozen=True)
class Model:
    model_id: str
    group_id: str
    name: str
    # As its author wrote it.
    schema: str
    description: str
    created_at: int
    modified_at: int


class Models(NamedTuple):
    models: list[Model]
    total: int


@dataclass(frozen=True)
class ModelFilter:
    group_id: str
    model_id: str | None = None
    name_part: str | None = None
    tags: Iterable[Mapping[str, Any]] = ()


def find_model(transaction: Transaction, group_id: str, name: str) -> Model | None:
    query = select(models).where(models.c.group_id == group_id, models.c.name == name)
    row = transaction.connection.execute(query).first()
    return None if row is None else _model(row)


def models_of_group(transaction: Transaction, group_id: str) -> list[Model]:
    """By name."""
    query = select(models).where(models.c.group_id == group_id).order_by(models.c.name)
    return [_model(row) for row in transaction.connection.execute(query)]


def count_models(transaction: Transaction, group_id: str) -> int:
    query = select(func.count()).select_from(models).where(models.c.group_id == group_id)
    return transaction.connection.execute(query).scalar_one()


def list_models(transaction: Transaction, wanted: ModelFilter, page: Page) -> Models:
    """Newest modified first, but the one of exactly the name that was asked for before all: clients take the first."""
    query = select(models).where(models.c.group_id == wanted.group_id)
    query = query.where(*carries_tags(TAG_TYPE, models.c.model_id, wanted.tags))
    if wanted.model_id is not None:
        query = query.where(models.c.model_id == wanted.model_id)
    order: list[Any] = [models.c.modified_at.desc(), models.c.model_id]
    if wanted.name_part is not None:
        query = query.where(contains_text(models.c.name, wanted.name_part))
        order.insert(0, case((models.c.name == wanted.name_part, 0), else_=1))
    found = select_page(transaction, query, order, page)
    return Models([_model(row) for row in found.rows], found.total)


def add_model(transaction: Transaction, group_id: str, name: str, schema: str, description: str) -> Model:
    """The caller has checked that the name is free."""
    model = Model(uuid.uuid4().hex, group_id, name, schema, description, transaction.now, transaction.now)
    transaction.connection.execute(insert(models).values(vars(model)))
    return model


def update_model(transaction: Transaction, model: Model) -> None:
    """Writes name, schema and description."""
    values = {"name": model.name, "schema": model.schema, "description": model.description}
    changed = update(models).where(models.c.model_id == model.model_id)
    transaction.connection.execute(changed.values({**values, "modified_at": transaction.now}))


def remove_model(transaction: Transaction, model_id: str) -> None:
    """Takes its tags with it."""
    transaction.connection.execute(delete(models).where(models.c.model_id == model_id))
    remove_all_tags(transaction, TAG_TYPE, model_id)


def _model(row: Row[Any]) -> Model:
    return Model(
        model_id=row.model_id,
        group_id=row.group_id,
        name=row.name,
        schema=row.schema,
        description=row.description,
        created_at=row.created_at,
        modified_at=row.modified_at,
    )
