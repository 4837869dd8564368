"""Rows of `editions`: every publish of every API, and which one each stage serves.

Called by `operations/deploys.py` and `operations/history.py`. Invariant: at most one edition of an API in a stage is
online, and no edition is ever changed but for that mark and what a renewed publish of it compiled to. The column
`definition` holds `{"snapshot": definition, "body": plan record}`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, func, insert, select, update

from isthmus.store.database import Transaction
from isthmus.store.schema import apis, editions, groups
from isthmus.store.selection import Page, contains_text, select_page
from isthmus.store.tags import carries_tags


@dataclass(frozen=True)
class EditionRow:
    api_id: str
    # Upper case.
    stage: str
    version: str
    group_id: str
    online: bool
    remarks: str
    # JSON text of the definition as it was published.
    definition: str
    # Of the plan record that it compiled to.
    body: dict[str, Any]
    content_hash: str
    deployed_at: int


class ListedEdition(NamedTuple):
    edition: EditionRow
    group_name: str


class Editions(NamedTuple):
    editions: list[ListedEdition]
    total: int


@dataclass(frozen=True)
class EditionFilter:
    group_id: str | None = None
    api_id: str | None = None
    stage: str | None = None
    name_part: str | None = None
    path_part: str | None = None
    method: str | None = None
    online_only: bool = False
    tags: Iterable[Mapping[str, Any]] = ()


def find_online(transaction: Transaction, api_id: str, stage: str) -> EditionRow | None:
    query = select(editions).where(editions.c.api_id == api_id, editions.c.stage == stage, editions.c.online)
    row = transaction.connection.execute(query).first()
    return None if row is None else _edition(row)


def editions_online(transaction: Transaction, api_id: str) -> list[EditionRow]:
    """One for each stage in which the API runs."""
    query = select(editions).where(editions.c.api_id == api_id, editions.c.online).order_by(editions.c.stage)
    return [_edition(row) for row in transaction.connection.execute(query)]


def find_edition(transaction: Transaction, api_id: str, stage: str, version: str) -> EditionRow | None:
    query = select(editions).where(
        editions.c.api_id == api_id, editions.c.stage == stage, editions.c.version == version
    )
    row = transaction.connection.execute(query).first()
    return None if row is None else _edition(row)


def newest_version(transaction: Transaction, api_id: str, stage: str) -> str | None:
    query = select(func.max(editions.c.version)).where(editions.c.api_id == api_id, editions.c.stage == stage)
    return transaction.connection.execute(query).scalar()


def online_versions(transaction: Transaction, api_ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """For each API: stage to the version that runs there."""
    wanted = list(api_ids)
    found: dict[str, dict[str, str]] = {api_id: {} for api_id in wanted}
    query = select(editions.c.api_id, editions.c.stage, editions.c.version)
    for row in transaction.connection.execute(query.where(editions.c.api_id.in_(wanted), editions.c.online)):
        found[row.api_id][row.stage] = row.version
    return found


def online_with_text(transaction: Transaction, group_id: str, stage: str, text: str) -> list[EditionRow]:
    """What runs in a stage and has this text in its definition: the few rows worth a closer look."""
    query = select(editions).where(
        editions.c.group_id == group_id,
        editions.c.stage == stage,
        editions.c.online,
        editions.c.definition.contains(json.dumps(text)[1:-1], autoescape=True),
    )
    return [_edition(row) for row in transaction.connection.execute(query)]


def online_of_group(transaction: Transaction, group_id: str, stage: str) -> list[EditionRow]:
    """What a stage of a group serves."""
    query = select(editions).where(editions.c.group_id == group_id, editions.c.stage == stage, editions.c.online)
    return [_edition(row) for row in transaction.connection.execute(query.order_by(editions.c.api_id))]


def online_of_apis(transaction: Transaction, api_ids: Iterable[str], stage: str) -> list[EditionRow]:
    """What a stage serves of these APIs."""
    wanted = editions.c.api_id.in_(list(api_ids))
    query = select(editions).where(wanted, editions.c.stage == stage, editions.c.online)
    return [_edition(row) for row in transaction.connection.execute(query.order_by(editions.c.api_id))]


def add_edition(transaction: Transaction, edition: EditionRow) -> None:
    columns = {name: value for name, value in vars(edition).items() if name != "body"}
    columns["definition"] = _stored(edition)
    transaction.connection.execute(insert(editions).values(columns))


def put_online(transaction: Transaction, edition: EditionRow) -> None:
    """This version and no other; its definition, body and hash become those of the row given."""
    take_offline(transaction, edition.api_id, edition.stage)
    same = (
        editions.c.api_id == edition.api_id,
        editions.c.stage == edition.stage,
        editions.c.version == edition.version,
    )
    values = {"online": True, "definition": _stored(edition), "content_hash": edition.content_hash}
    transaction.connection.execute(update(editions).where(*same).values(values))


def take_offline(transaction: Transaction, api_id: str, stage: str) -> None:
    running = (editions.c.api_id == api_id, editions.c.stage == stage, editions.c.online)
    transaction.connection.execute(update(editions).where(*running).values(online=False))


def list_editions(transaction: Transaction, wanted: EditionFilter, page: Page) -> Editions:
    """Newest publish first."""
    query = select(editions, groups.c.name.label("group_name")).join(groups, groups.c.group_id == editions.c.group_id)
    for column, value in (
        (editions.c.group_id, wanted.group_id),
        (editions.c.api_id, wanted.api_id),
        (editions.c.stage, wanted.stage),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.online_only:
        query = query.where(editions.c.online)
    query = _with_api(query, wanted)
    order = [editions.c.version.desc(), editions.c.api_id, editions.c.stage]
    keys = [editions.c.api_id, editions.c.stage, editions.c.version]
    found = select_page(transaction, query, order, page, keys)
    return Editions([ListedEdition(_edition(row), row.group_name) for row in found.rows], found.total)


def _with_api(query: Select[Any], wanted: EditionFilter) -> Select[Any]:
    """Conditions on the API; its draft may have changed since, but that is the name by which callers know it."""
    conditions: list[Any] = list(carries_tags("api", editions.c.api_id, wanted.tags))
    if wanted.name_part is not None:
        conditions.append(contains_text(apis.c.name, wanted.name_part))
    if wanted.path_part is not None:
        conditions.append(contains_text(apis.c.path, wanted.path_part))
    if wanted.method is not None:
        conditions.append(apis.c.method == wanted.method)
    if not conditions:
        return query
    return query.join(apis, apis.c.api_id == editions.c.api_id).where(*conditions)


def _stored(edition: EditionRow) -> str:
    return json.dumps({"snapshot": json.loads(edition.definition), "body": edition.body}, separators=(",", ":"))


def _edition(row: Row[Any]) -> EditionRow:
    stored = json.loads(row.definition)
    return EditionRow(
        api_id=row.api_id,
        stage=row.stage,
        version=row.version,
        group_id=row.group_id,
        online=row.online,
        remarks=row.remarks,
        definition=json.dumps(stored["snapshot"]),
        body=stored["body"],
        content_hash=row.content_hash,
        deployed_at=row.deployed_at,
    )
