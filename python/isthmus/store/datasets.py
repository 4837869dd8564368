"""Rows of `datasets` and `dataset_items`: values that plug-ins look up.

Called by `operations/datasets.py`. Invariant: a value occurs once in a data set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, func, insert, select, update

from isthmus.store.database import Transaction
from isthmus.store.schema import dataset_items, datasets
from isthmus.store.selection import Page, contains_text, select_page
from isthmus.store.tags import carries_tags, remove_all_tags

TAG_TYPE = "dataset"


@dataclass(frozen=True)
class Dataset:
    dataset_id: str
    name: str
    dataset_type: str
    description: str
    created_at: int
    modified_at: int


@dataclass(frozen=True)
class DatasetItem:
    item_id: str
    dataset_id: str
    value: str
    description: str
    # Unix milliseconds; None: never.
    expires_at: int | None
    created_at: int
    modified_at: int


class Datasets(NamedTuple):
    datasets: list[Dataset]
    total: int


class DatasetItems(NamedTuple):
    items: list[DatasetItem]
    total: int


def find_dataset(transaction: Transaction, dataset_id: str) -> Dataset | None:
    row = transaction.connection.execute(select(datasets).where(datasets.c.dataset_id == dataset_id)).first()
    return None if row is None else _dataset(row)


def find_dataset_by_name(transaction: Transaction, name: str) -> Dataset | None:
    row = transaction.connection.execute(select(datasets).where(datasets.c.name == name)).first()
    return None if row is None else _dataset(row)


def list_datasets(
    transaction: Transaction,
    dataset_ids: Sequence[str] | None,
    name_part: str | None,
    tags: Iterable[Mapping[str, Any]],
    page: Page,
) -> Datasets:
    """Newest modified first."""
    query = select(datasets).where(*carries_tags(TAG_TYPE, datasets.c.dataset_id, tags))
    if dataset_ids is not None:
        query = query.where(datasets.c.dataset_id.in_(dataset_ids))
    if name_part is not None:
        query = query.where(contains_text(datasets.c.name, name_part))
    found = select_page(transaction, query, [datasets.c.modified_at.desc(), datasets.c.dataset_id], page)
    return Datasets([_dataset(row) for row in found.rows], found.total)


def add_dataset(transaction: Transaction, dataset: Dataset) -> None:
    transaction.connection.execute(insert(datasets).values(vars(dataset)))


def update_dataset(transaction: Transaction, dataset: Dataset) -> None:
    values = {"name": dataset.name, "description": dataset.description, "modified_at": transaction.now}
    transaction.connection.execute(update(datasets).where(datasets.c.dataset_id == dataset.dataset_id).values(values))


def remove_dataset(transaction: Transaction, dataset_id: str) -> None:
    """Takes its items and tags with it."""
    transaction.connection.execute(delete(datasets).where(datasets.c.dataset_id == dataset_id))
    remove_all_tags(transaction, TAG_TYPE, dataset_id)


def find_item(
    transaction: Transaction, dataset_id: str, item_id: str | None = None, value: str | None = None
) -> DatasetItem | None:
    """By id or by value."""
    query = select(dataset_items).where(dataset_items.c.dataset_id == dataset_id)
    if item_id is not None:
        query = query.where(dataset_items.c.item_id == item_id)
    if value is not None:
        query = query.where(dataset_items.c.value == value)
    row = transaction.connection.execute(query).first()
    return None if row is None else _item(row)


def count_items(transaction: Transaction, dataset_id: str) -> int:
    query = select(func.count()).select_from(dataset_items).where(dataset_items.c.dataset_id == dataset_id)
    return transaction.connection.execute(query).scalar_one()


def all_items(transaction: Transaction, dataset_id: str) -> list[DatasetItem]:
    query = select(dataset_items).where(dataset_items.c.dataset_id == dataset_id).order_by(dataset_items.c.value)
    return [_item(row) for row in transaction.connection.execute(query)]


def list_items(transaction: Transaction, dataset_id: str, item_ids: Sequence[str] | None, page: Page) -> DatasetItems:
    """Newest first."""
    query = select(dataset_items).where(dataset_items.c.dataset_id == dataset_id)
    if item_ids is not None:
        query = query.where(dataset_items.c.item_id.in_(item_ids))
    found = select_page(transaction, query, [dataset_items.c.created_at.desc(), dataset_items.c.item_id], page)
    return DatasetItems([_item(row) for row in found.rows], found.total)


def add_item(transaction: Transaction, item: DatasetItem) -> None:
    transaction.connection.execute(insert(dataset_items).values(vars(item)))


def update_item(transaction: Transaction, item: DatasetItem) -> None:
    values = {"description": item.description, "expires_at": item.expires_at, "modified_at": transaction.now}
    transaction.connection.execute(update(dataset_items).where(dataset_items.c.item_id == item.item_id).values(values))


def remove_item(transaction: Transaction, item_id: str) -> None:
    transaction.connection.execute(delete(dataset_items).where(dataset_items.c.item_id == item_id))


def _dataset(row: Row[Any]) -> Dataset:
    return Dataset(
        dataset_id=row.dataset_id,
        name=row.name,
        dataset_type=row.dataset_type,
        description=row.description,
        created_at=row.created_at,
        modified_at=row.modified_at,
    )


def _item(row: Row[Any]) -> DatasetItem:
    return DatasetItem(
        item_id=row.item_id,
        dataset_id=row.dataset_id,
        value=row.value,
        description=row.description,
        expires_at=row.expires_at,
        created_at=row.created_at,
        modified_at=row.modified_at,
    )
