"""Rows of `groups` and `stages`.

Called by `operations/groups.py` and by the operations on APIs, which need a group's stages and base path. Invariant:
a group has its three stages, and those of the stage models, from the moment it exists.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, func, insert, select, update

from isthmus.store.database import Transaction
from isthmus.store.schema import apis, groups, stages
from isthmus.store.selection import Page, contains_text, select_page
from isthmus.store.stage_models import all_stage_models
from isthmus.store.tags import carries_tags, remove_all_tags

TAG_TYPE = "apiGroup"
SYSTEM_STAGES = ("RELEASE", "PRE", "TEST")


@dataclass(frozen=True)
class Group:
    group_id: str
    name: str
    description: str
    base_path: str
    instance_id: str
    configuration: dict[str, str]
    created_at: int
    modified_at: int


@dataclass(frozen=True)
class Stage:
    stage_id: str
    group_id: str
    name: str
    description: str


class Groups(NamedTuple):
    groups: list[Group]
    total: int


@dataclass(frozen=True)
class GroupFilter:
    group_id: str | None = None
    name_part: str | None = None
    instance_id: str | None = None
    base_path: str | None = None
    tags: Iterable[Mapping[str, Any]] = ()
    oldest_first: bool = False


def find_group(transaction: Transaction, group_id: str) -> Group | None:
    row = transaction.connection.execute(select(groups).where(groups.c.group_id == group_id)).first()
    return None if row is None else _group(row)


def find_group_by_name(transaction: Transaction, name: str) -> Group | None:
    row = transaction.connection.execute(select(groups).where(groups.c.name == name)).first()
    return None if row is None else _group(row)


def find_groups(transaction: Transaction, group_ids: Iterable[str]) -> dict[str, Group]:
    rows = transaction.connection.execute(select(groups).where(groups.c.group_id.in_(set(group_ids))))
    return {row.group_id: _group(row) for row in rows}


def all_groups(transaction: Transaction) -> list[Group]:
    rows = transaction.connection.execute(select(groups).order_by(groups.c.group_id)).all()
    return [_group(row) for row in rows]


def count_groups(transaction: Transaction) -> int:
    return transaction.connection.execute(select(func.count()).select_from(groups)).scalar_one()


def count_apis_of_group(transaction: Transaction, group_id: str) -> int:
    query = select(func.count()).select_from(apis).where(apis.c.group_id == group_id)
    return transaction.connection.execute(query).scalar_one()


def list_groups(transaction: Transaction, wanted: GroupFilter, page: Page) -> Groups:
    """Newest modified first unless the filter says otherwise."""
    query = select(groups).where(*carries_tags(TAG_TYPE, groups.c.group_id, wanted.tags))
    for column, value in (
        (groups.c.group_id, wanted.group_id),
        (groups.c.instance_id, wanted.instance_id),
        (groups.c.base_path, wanted.base_path),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.name_part is not None:
        query = query.where(contains_text(groups.c.name, wanted.name_part))
    modified = groups.c.modified_at.asc() if wanted.oldest_first else groups.c.modified_at.desc()
    found = select_page(transaction, query, [modified, groups.c.group_id], page)
    return Groups([_group(row) for row in found.rows], found.total)


def add_group(transaction: Transaction, name: str, description: str, base_path: str, instance_id: str) -> Group:
    """Makes the group with its stages. The caller has checked that the name is free."""
    group = Group(
        group_id=uuid.uuid4().hex,
        name=name,
        description=description,
        base_path=base_path,
        instance_id=instance_id,
        configuration={},
        created_at=transaction.now,
        modified_at=transaction.now,
    )
    transaction.connection.execute(insert(groups).values({**vars(group), "configuration": "{}"}))
    described = dict.fromkeys(SYSTEM_STAGES, "")
    described.update({model.name: model.description for model in all_stage_models(transaction)})
    rows = [
        {"stage_id": uuid.uuid4().hex, "group_id": group.group_id, "name": stage, "description": text}
        for stage, text in described.items()
    ]
    transaction.connection.execute(insert(stages), rows)
    return group


def update_group(transaction: Transaction, group: Group) -> None:
    """Writes every field but the id and the time of creation."""
    values = {**vars(group), "configuration": json.dumps(group.configuration), "modified_at": transaction.now}
    for fixed in ("group_id", "created_at"):
        del values[fixed]
    transaction.connection.execute(update(groups).where(groups.c.group_id == group.group_id).values(values))


def remove_group(transaction: Transaction, group_id: str) -> None:
    """Takes its stages and tags with it; the group must have no API."""
    transaction.connection.execute(delete(groups).where(groups.c.group_id == group_id))
    remove_all_tags(transaction, TAG_TYPE, group_id)


def stages_of_group(transaction: Transaction, group_id: str) -> list[Stage]:
    """The three system stages in their order, then the others by name."""
    rows = transaction.connection.execute(select(stages).where(stages.c.group_id == group_id))
    found = [Stage(row.stage_id, row.group_id, row.name, row.description) for row in rows]
    place = {name: index for index, name in enumerate(SYSTEM_STAGES)}
    return sorted(found, key=lambda stage: (place.get(stage.name, len(place)), stage.name))


def find_stage(transaction: Transaction, group_id: str, name: str) -> Stage | None:
    """By name, whatever its case."""
    query = select(stages).where(stages.c.group_id == group_id, stages.c.name == name.upper())
    row = transaction.connection.execute(query).first()
    return None if row is None else Stage(row.stage_id, row.group_id, row.name, row.description)


def _group(row: Row[Any]) -> Group:
    return Group(
        group_id=row.group_id,
        name=row.name,
        description=row.description,
        base_path=row.base_path,
        instance_id=row.instance_id,
        configuration=json.loads(row.configuration),
        created_at=row.created_at,
        modified_at=row.modified_at,
    )
