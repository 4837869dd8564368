"""Rows of `tags`: what a resource is marked with.

Called by the operations on tags and by every operation that takes or shows tags. The resource's existence is the
caller's business; whoever deletes a resource calls `remove_all_tags`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, cast, delete, exists, insert, select, tuple_

from isthmus.store.database import Transaction
from isthmus.store.domain_tables import instances
from isthmus.store.schema import apis, apps, backends, datasets, groups, models, plugins, tags, vpc_accesses

# In the shape of the requests and of most responses: [{"key": …, "value": …}].
TagList = list[dict[str, str]]

# What can carry tags, by type.
_RESOURCES: dict[str, ColumnElement[Any]] = {
    "apiGroup": groups.c.group_id,
    "api": apis.c.api_id,
    "app": apps.c.app_id,
    "backend": backends.c.backend_id,
    "dataset": datasets.c.dataset_id,
    "instance": instances.c.instance_id,
    "model": models.c.model_id,
    "plugin": plugins.c.plugin_id,
    "vpcAccess": vpc_accesses.c.access_id,
}
TAGGED_TYPES = tuple(_RESOURCES)


def put_tags(
    transaction: Transaction, resource_type: str, resource_id: str, given: Iterable[Mapping[str, Any]]
) -> None:
    """Adds tags; a key that is there gets the new value."""
    wanted = {str(tag["key"]): str(tag.get("value") or "") for tag in given}
    remove_tags(transaction, resource_type, [resource_id], wanted)
    for key, value in wanted.items():
        row = {"resource_type": resource_type, "resource_id": resource_id, "tag_key": key, "tag_value": value}
        transaction.connection.execute(insert(tags).values(row))


def remove_tags(transaction: Transaction, resource_type: str, resource_ids: Sequence[str], keys: Iterable[str]) -> None:
    gone = delete(tags).where(
        tags.c.resource_type == resource_type, tags.c.resource_id.in_(resource_ids), tags.c.tag_key.in_(list(keys))
    )
    transaction.connection.execute(gone)


def remove_all_tags(transaction: Transaction, resource_type: str, resource_id: str) -> None:
    gone = delete(tags).where(tags.c.resource_type == resource_type, tags.c.resource_id == resource_id)
    transaction.connection.execute(gone)


def tags_of(transaction: Transaction, resource_type: str, resource_ids: Iterable[str]) -> dict[str, TagList]:
    """The tags of each resource by key; every id that was asked for is in the answer."""
    found: dict[str, TagList] = {resource_id: [] for resource_id in resource_ids}
    rows = select(tags).where(tags.c.resource_type == resource_type, tags.c.resource_id.in_(list(found)))
    for row in transaction.connection.execute(rows.order_by(tags.c.resource_id, tags.c.tag_key)):
        found[row.resource_id].append({"key": row.tag_key, "value": row.tag_value})
    return found


def carries_tags(resource_type: str, id_column: ColumnElement[Any], wanted: Iterable[Mapping[str, Any]]) -> list[Any]:
    """Conditions for a query on resources: each wanted pair is there; a pair without value matches the key alone."""
    conditions: list[Any] = []
    for tag in wanted:
        matching = [
            tags.c.resource_type == resource_type,
            tags.c.resource_id == cast(id_column, String),
            tags.c.tag_key == str(tag["key"]),
        ]
        if tag.get("value"):
            matching.append(tags.c.tag_value == str(tag["value"]))
        conditions.append(exists().where(*matching))
    return conditions


def list_tags(
    transaction: Transaction,
    resource_type: str,
    resource_ids: Sequence[str] | None,
    wanted: Sequence[Mapping[str, Any]],
    after: tuple[str, str] | None,
    size: int,
) -> list[tuple[str, str, str]]:
    """(resource id, key, value) in that order, after a place; `wanted` pairs must all be on the resource."""
    outer = tags.alias("outer_tags")
    query = select(outer.c.resource_id, outer.c.tag_key, outer.c.tag_value).where(
        outer.c.resource_type == resource_type
    )
    query = query.where(*carries_tags(resource_type, outer.c.resource_id, wanted))
    if resource_ids is not None:
        query = query.where(outer.c.resource_id.in_(resource_ids))
    if after is not None:
        query = query.where(tuple_(outer.c.resource_id, outer.c.tag_key) > after)
    rows = transaction.connection.execute(query.order_by(outer.c.resource_id, outer.c.tag_key).limit(size))
    return [(row.resource_id, row.tag_key, row.tag_value) for row in rows]


def existing_resources(transaction: Transaction, resource_type: str, resource_ids: Sequence[str]) -> set[str]:
    """Which of these ids are resources of this type."""
    column = _RESOURCES.get(resource_type)
    if column is None:
        return set()
    text = cast(column, String)
    return set(transaction.connection.execute(select(text).where(text.in_(resource_ids))).scalars())
