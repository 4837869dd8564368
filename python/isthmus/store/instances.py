"""Rows of `instances`, and of access lists and where they act.

Called by `operations/instances.py` and `operations/access_lists.py`. Invariant: an instance has at most one access list
for each version of IP; a list that is in use is not removed.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, func, insert, select, update

from isthmus.store.database import Transaction
from isthmus.store.domain_tables import access_list_entries, access_lists, instance_access_lists, instances
from isthmus.store.schema import groups
from isthmus.store.selection import Page, select_page
from isthmus.store.tags import carries_tags, remove_all_tags

TAG_TYPE = "instance"
# There from the start, made by a migration.
SHARED_INSTANCE = "api-shared-vpc-001"


@dataclass(frozen=True)
class Instance:
    instance_id: str
    name: str
    https_policy: str
    configuration: dict[str, Any]
    token: str | None
    created_at: int


@dataclass(frozen=True)
class AccessList:
    acl_id: str
    name: str
    ip_version: str
    created_at: int


class Instances(NamedTuple):
    instances: list[Instance]
    total: int


class AccessLists(NamedTuple):
    lists: list[AccessList]
    total: int


class AppliedList(NamedTuple):
    """An access list where it acts; `acl_type` is black or white."""

    acl_type: str
    acl: AccessList


def find_instance(transaction: Transaction, instance_id: str) -> Instance | None:
    row = transaction.connection.execute(select(instances).where(instances.c.instance_id == instance_id)).first()
    return None if row is None else _instance(row)


def find_instance_by_token(transaction: Transaction, token: str) -> Instance | None:
    row = transaction.connection.execute(select(instances).where(instances.c.token == token)).first()
    return None if row is None else _instance(row)


@dataclass(frozen=True)
class InstanceFilter:
    instance_id: str | None = None
    # Everything but this one.
    without: str | None = None
    tags: Iterable[Mapping[str, Any]] = ()


def list_instances(transaction: Transaction, wanted: InstanceFilter, page: Page) -> Instances:
    """The oldest first, so the shared one."""
    query = select(instances).where(*carries_tags(TAG_TYPE, instances.c.instance_id, wanted.tags))
    if wanted.instance_id is not None:
        query = query.where(instances.c.instance_id == wanted.instance_id)
    if wanted.without is not None:
        query = query.where(instances.c.instance_id != wanted.without)
    found = select_page(transaction, query, [instances.c.created_at, instances.c.instance_id], page)
    return Instances([_instance(row) for row in found.rows], found.total)


def dedicated_instance_ids(transaction: Transaction) -> list[str]:
    """The oldest first."""
    query = select(instances.c.instance_id).where(instances.c.instance_id != SHARED_INSTANCE)
    rows = transaction.connection.execute(query.order_by(instances.c.created_at, instances.c.instance_id))
    return list(rows.scalars())


def add_instance(transaction: Transaction, instance: Instance) -> None:
    values = {**vars(instance), "configuration": json.dumps(instance.configuration), "created_at": transaction.now}
    transaction.connection.execute(insert(instances).values(values))


def update_instance(transaction: Transaction, instance: Instance) -> None:
    values = {
        "name": instance.name,
        "https_policy": instance.https_policy,
        "configuration": json.dumps(instance.configuration),
    }
    changed = update(instances).where(instances.c.instance_id == instance.instance_id).values(values)
    transaction.connection.execute(changed)


def remove_instance(transaction: Transaction, instance_id: str) -> None:
    transaction.connection.execute(delete(instances).where(instances.c.instance_id == instance_id))
    remove_all_tags(transaction, TAG_TYPE, instance_id)


def count_groups_of_instance(transaction: Transaction, instance_id: str) -> int:
    query = select(func.count()).select_from(groups).where(groups.c.instance_id == instance_id)
    return transaction.connection.execute(query).scalar_one()


def find_access_list(transaction: Transaction, acl_id: str) -> AccessList | None:
    row = transaction.connection.execute(select(access_lists).where(access_lists.c.acl_id == acl_id)).first()
    return None if row is None else AccessList(**row._asdict())


def list_access_lists(transaction: Transaction, name: str | None, ip_version: str | None, page: Page) -> AccessLists:
    query = select(access_lists)
    if name is not None:
        query = query.where(access_lists.c.name == name)
    if ip_version is not None:
        query = query.where(access_lists.c.ip_version == ip_version)
    found = select_page(transaction, query, [access_lists.c.created_at, access_lists.c.acl_id], page)
    return AccessLists([AccessList(**row._asdict()) for row in found.rows], found.total)


def add_access_list(transaction: Transaction, name: str, ip_version: str) -> str:
    acl_id = f"acl-{uuid.uuid4().hex[:21]}"
    row = {"acl_id": acl_id, "name": name, "ip_version": ip_version, "created_at": transaction.now}
    transaction.connection.execute(insert(access_lists).values(row))
    return acl_id


def rename_access_list(transaction: Transaction, acl_id: str, name: str) -> None:
    transaction.connection.execute(update(access_lists).where(access_lists.c.acl_id == acl_id).values(name=name))


def remove_access_list(transaction: Transaction, acl_id: str) -> None:
    transaction.connection.execute(delete(access_lists).where(access_lists.c.acl_id == acl_id))


def entries_of(transaction: Transaction, acl_id: str) -> dict[str, str]:
    """Entry → comment."""
    rows = transaction.connection.execute(
        select(access_list_entries).where(access_list_entries.c.acl_id == acl_id).order_by(access_list_entries.c.entry)
    )
    return {row.entry: row.comment for row in rows}


def put_entries(transaction: Transaction, acl_id: str, entries: Mapping[str, str]) -> None:
    """An entry that is there gets the new comment."""
    remove_entries(transaction, acl_id, entries)
    for entry, comment in entries.items():
        row = {"acl_id": acl_id, "entry": entry, "comment": comment}
        transaction.connection.execute(insert(access_list_entries).values(row))


def remove_entries(transaction: Transaction, acl_id: str, entries: Iterable[str]) -> None:
    gone = delete(access_list_entries).where(
        access_list_entries.c.acl_id == acl_id, access_list_entries.c.entry.in_(list(entries))
    )
    transaction.connection.execute(gone)


def lists_of_instance(transaction: Transaction, instance_id: str) -> dict[str, AppliedList]:
    """By version of IP."""
    query = (
        select(instance_access_lists.c.acl_type, access_lists)
        .join(access_lists, access_lists.c.acl_id == instance_access_lists.c.acl_id)
        .where(instance_access_lists.c.instance_id == instance_id)
        .order_by(access_lists.c.ip_version)
    )
    found = {}
    for row in transaction.connection.execute(query):
        values = row._asdict()
        acl_type = values.pop("acl_type")
        found[row.ip_version] = AppliedList(acl_type, AccessList(**values))
    return found


def instances_of_list(transaction: Transaction, acl_id: str) -> list[str]:
    query = select(instance_access_lists.c.instance_id).where(instance_access_lists.c.acl_id == acl_id)
    return sorted(transaction.connection.execute(query).scalars())


def apply_list(transaction: Transaction, instance_id: str, acl: AccessList, acl_type: str) -> None:
    """In the place of the one for the same version of IP."""
    lift_list(transaction, instance_id, acl.ip_version)
    row = {"instance_id": instance_id, "ip_version": acl.ip_version, "acl_id": acl.acl_id, "acl_type": acl_type}
    transaction.connection.execute(insert(instance_access_lists).values(row))


def lift_list(transaction: Transaction, instance_id: str, ip_version: str) -> None:
    gone = delete(instance_access_lists).where(
        instance_access_lists.c.instance_id == instance_id, instance_access_lists.c.ip_version == ip_version
    )
    transaction.connection.execute(gone)


def _instance(row: Row[Any]) -> Instance:
    return Instance(**{**row._asdict(), "configuration": json.loads(row.configuration)})
