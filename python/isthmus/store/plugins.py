"""Rows of `plugins` and `plugin_bindings`.

Called by `operations/plugins.py` and `operations/plugin_bindings.py`. A plug-in's text may hold secrets (a signature's
key, passwords), so it is sealed. Invariant: a target has at most one plug-in of a type in a stage.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, func, insert, select, update

from isthmus.store.database import Transaction
from isthmus.store.schema import apis, groups, plugin_bindings, plugins
from isthmus.store.selection import Page, contains_text, select_page
from isthmus.store.tags import carries_tags, remove_all_tags

TAG_TYPE = "plugin"
_SEAL = "plugin"


@dataclass(frozen=True)
class Plugin:
    plugin_id: str
    name: str
    plugin_type: str
    # As its author wrote it.
    data: str
    description: str
    created_at: int
    modified_at: int


class Plugins(NamedTuple):
    plugins: list[Plugin]
    total: int


@dataclass(frozen=True)
class Binding:
    # `api` or `group`.
    scope: str
    target_id: str
    # Upper case.
    stage: str
    plugin_id: str
    plugin_type: str
    bound_at: int


@dataclass(frozen=True)
class PluginFilter:
    plugin_id: str | None = None
    name_part: str | None = None
    plugin_type: str | None = None
    tags: Iterable[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class TargetFilter:
    """Which of a plug-in's targets; texts are parts."""

    target_id: str | None = None
    group_id: str | None = None
    name_part: str | None = None
    description_part: str | None = None
    method: str | None = None
    path_part: str | None = None


def find_plugin(transaction: Transaction, plugin_id: str) -> Plugin | None:
    row = transaction.connection.execute(select(plugins).where(plugins.c.plugin_id == plugin_id)).first()
    return None if row is None else _plugin(transaction, row)


def find_plugin_by_name(transaction: Transaction, name: str) -> Plugin | None:
    row = transaction.connection.execute(select(plugins).where(plugins.c.name == name)).first()
    return None if row is None else _plugin(transaction, row)


def count_plugins(transaction: Transaction) -> int:
    return transaction.connection.execute(select(func.count()).select_from(plugins)).scalar_one()


def list_plugins(transaction: Transaction, wanted: PluginFilter, page: Page) -> Plugins:
    """Newest modified first."""
    query = select(plugins).where(*carries_tags(TAG_TYPE, plugins.c.plugin_id, wanted.tags))
    if wanted.plugin_id is not None:
        query = query.where(plugins.c.plugin_id == wanted.plugin_id)
    if wanted.plugin_type is not None:
        query = query.where(plugins.c.plugin_type == wanted.plugin_type)
    if wanted.name_part is not None:
        query = query.where(contains_text(plugins.c.name, wanted.name_part))
    found = select_page(transaction, query, [plugins.c.modified_at.desc(), plugins.c.plugin_id], page)
    return Plugins([_plugin(transaction, row) for row in found.rows], found.total)


def add_plugin(transaction: Transaction, plugin: Plugin) -> None:
    transaction.connection.execute(insert(plugins).values(_values(transaction, plugin)))


def update_plugin(transaction: Transaction, plugin: Plugin) -> None:
    values = _values(transaction, plugin)
    for fixed in ("plugin_id", "plugin_type", "created_at"):
        del values[fixed]
    transaction.connection.execute(update(plugins).where(plugins.c.plugin_id == plugin.plugin_id).values(values))


def remove_plugin(transaction: Transaction, plugin_id: str) -> None:
    """Takes its tags with it; it must not be bound."""
    transaction.connection.execute(delete(plugins).where(plugins.c.plugin_id == plugin_id))
    remove_all_tags(transaction, TAG_TYPE, plugin_id)


def bindings_of_plugin(transaction: Transaction, plugin_id: str) -> list[Binding]:
    """Oldest first."""
    query = select(plugin_bindings).where(plugin_bindings.c.plugin_id == plugin_id)
    query = query.order_by(plugin_bindings.c.bound_at, plugin_bindings.c.target_id, plugin_bindings.c.stage)
    return [_binding(row) for row in transaction.connection.execute(query)]


def remove_bindings_of(transaction: Transaction, scope: str, target_id: str) -> list[Binding]:
    """For whoever deletes the API or the group; returns what was bound."""
    of_target = [plugin_bindings.c.scope == scope, plugin_bindings.c.target_id == target_id]
    found = [_binding(row) for row in transaction.connection.execute(select(plugin_bindings).where(*of_target))]
    transaction.connection.execute(delete(plugin_bindings).where(*of_target))
    return found


def find_binding(transaction: Transaction, binding: Binding) -> Binding | None:
    """What the target has of the same type in the same stage."""
    row = transaction.connection.execute(select(plugin_bindings).where(*_place(binding))).first()
    return None if row is None else _binding(row)


def put_binding(transaction: Transaction, binding: Binding) -> None:
    """Replaces what the target has of the same type."""
    remove_binding(transaction, binding)
    transaction.connection.execute(insert(plugin_bindings).values(vars(binding)))


def remove_binding(transaction: Transaction, binding: Binding) -> None:
    transaction.connection.execute(delete(plugin_bindings).where(*_place(binding)))


def list_bound_plugins(transaction: Transaction, scope: str, target_id: str, stage: str, page: Page) -> Plugins:
    """Newest bound first: clients look for the plug-in that they have just attached on the first page."""
    query = (
        select(plugins)
        .join(plugin_bindings, plugin_bindings.c.plugin_id == plugins.c.plugin_id)
        .where(
            plugin_bindings.c.scope == scope,
            plugin_bindings.c.target_id == target_id,
            plugin_bindings.c.stage == stage,
        )
    )
    found = select_page(transaction, query, [plugin_bindings.c.bound_at.desc(), plugins.c.plugin_id], page)
    return Plugins([_plugin(transaction, row) for row in found.rows], found.total)


def bound_api_ids(transaction: Transaction, plugin_id: str, group_id: str, stage: str) -> list[str]:
    query = (
        select(apis.c.api_id)
        .join(plugin_bindings, plugin_bindings.c.target_id == apis.c.api_id)
        .where(
            plugin_bindings.c.scope == "api",
            plugin_bindings.c.plugin_id == plugin_id,
            plugin_bindings.c.stage == stage,
            apis.c.group_id == group_id,
        )
    )
    return list(transaction.connection.execute(query).scalars())


class Targets(NamedTuple):
    rows: Sequence[Row[Any]]
    total: int


def list_bound_apis(transaction: Transaction, plugin_id: str, wanted: TargetFilter, page: Page) -> Targets:
    """Rows with the columns of the API, `group_name`, `stage`; newest bound first."""
    query = (
        select(apis, groups.c.name.label("group_name"), plugin_bindings.c.stage)
        .join(plugin_bindings, plugin_bindings.c.target_id == apis.c.api_id)
        .join(groups, groups.c.group_id == apis.c.group_id)
        .where(plugin_bindings.c.scope == "api", plugin_bindings.c.plugin_id == plugin_id)
    )
    for column, value in (
        (apis.c.api_id, wanted.target_id),
        (apis.c.group_id, wanted.group_id),
        (apis.c.method, wanted.method),
    ):
        if value is not None:
            query = query.where(column == value)
    for column, part in (
        (apis.c.name, wanted.name_part),
        (apis.c.path, wanted.path_part),
        (apis.c.description, wanted.description_part),
    ):
        if part is not None:
            query = query.where(contains_text(column, part))
    order = [plugin_bindings.c.bound_at.desc(), apis.c.api_id, plugin_bindings.c.stage]
    return Targets(*select_page(transaction, query, order, page))


def list_bound_groups(transaction: Transaction, plugin_id: str, wanted: TargetFilter, page: Page) -> Targets:
    """Rows with the columns of the group and `stage`; newest bound first."""
    query = (
        select(groups, plugin_bindings.c.stage)
        .join(plugin_bindings, plugin_bindings.c.target_id == groups.c.group_id)
        .where(plugin_bindings.c.scope == "group", plugin_bindings.c.plugin_id == plugin_id)
    )
    if wanted.target_id is not None:
        query = query.where(groups.c.group_id == wanted.target_id)
    for column, part in ((groups.c.name, wanted.name_part), (groups.c.description, wanted.description_part)):
        if part is not None:
            query = query.where(contains_text(column, part))
    order = [plugin_bindings.c.bound_at.desc(), groups.c.group_id, plugin_bindings.c.stage]
    return Targets(*select_page(transaction, query, order, page))


def _place(binding: Binding) -> list[Any]:
    return [
        plugin_bindings.c.scope == binding.scope,
        plugin_bindings.c.target_id == binding.target_id,
        plugin_bindings.c.stage == binding.stage,
        plugin_bindings.c.plugin_type == binding.plugin_type,
    ]


def _values(transaction: Transaction, plugin: Plugin) -> dict[str, Any]:
    values = dict(vars(plugin))
    values["sealed_data"] = transaction.keyring.seal(_SEAL, values.pop("data"))
    return values


def _plugin(transaction: Transaction, row: Row[Any]) -> Plugin:
    return Plugin(
        plugin_id=row.plugin_id,
        name=row.name,
        plugin_type=row.plugin_type,
        data=transaction.keyring.open(_SEAL, row.sealed_data),
        description=row.description,
        created_at=row.created_at,
        modified_at=row.modified_at,
    )


def _binding(row: Row[Any]) -> Binding:
    return Binding(
        scope=row.scope,
        target_id=row.target_id,
        stage=row.stage,
        plugin_id=row.plugin_id,
        plugin_type=row.plugin_type,
        bound_at=row.bound_at,
    )
