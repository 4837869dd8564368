"""Rows of `editions`: every publish, and which one each stage serves.

`definition` holds the snapshot of the draft and the edition's body as the plan has it, so that going back to an old
version publishes exactly what it was. Invariant: at most one edition of an API is online in a stage.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, func, insert, select, update

from isthmus.store.database import Transaction
from isthmus.store.schema import editions
from isthmus.store.selection import Page, select_page


@dataclass(frozen=True)
class Edition:
    """`snapshot` is the draft as it was, `body` the plan record's."""

    api_id: str
    group_id: str
    stage: str
    version: str
    online: bool
    remarks: str
    snapshot: dict[str, Any]
    body: dict[str, Any]
    content_hash: str
    deployed_at: int

    @property
    def record_key(self) -> str:
        return f"{self.api_id}/{self.stage}"


class Editions(NamedTuple):
    editions: list[Edition]
    total: int


def add_online(transaction: Transaction, edition: Edition) -> None:
    """Adds an edition that its stage serves from now on."""
    take_offline(transaction, edition.api_id, edition.stage)
    definition = json.dumps({"snapshot": edition.snapshot, "body": edition.body}, ensure_ascii=False)
    values = {name: value for name, value in vars(edition).items() if name not in ("snapshot", "body")}
    transaction.connection.execute(insert(editions).values(**values, definition=definition))


def take_offline(transaction: Transaction, api_id: str, stage: str) -> None:
    """The stage serves no edition of the API any more."""
    served = update(editions).where(editions.c.api_id == api_id, editions.c.stage == stage, editions.c.online)
    transaction.connection.execute(served.values(online=False))


def put_online(transaction: Transaction, edition: Edition, remarks: str) -> None:
    """The stage goes back to an edition that is there."""
    take_offline(transaction, edition.api_id, edition.stage)
    this = update(editions).where(
        editions.c.api_id == edition.api_id,
        editions.c.stage == edition.stage,
        editions.c.version == edition.version,
    )
    transaction.connection.execute(this.values(online=True, remarks=remarks or edition.remarks))


def find_online(transaction: Transaction, api_id: str, stage: str) -> Edition | None:
    query = select(editions).where(editions.c.api_id == api_id, editions.c.stage == stage, editions.c.online)
    row = transaction.connection.execute(query).first()
    return None if row is None else _edition(row)


def find_version(transaction: Transaction, api_id: str, stage: str, version: str) -> Edition | None:
    query = select(editions).where(
        editions.c.api_id == api_id, editions.c.stage == stage, editions.c.version == version
    )
    row = transaction.connection.execute(query).first()
    return None if row is None else _edition(row)


def newest_version(transaction: Transaction, api_id: str, stage: str) -> str | None:
    query = select(func.max(editions.c.version)).where(editions.c.api_id == api_id, editions.c.stage == stage)
    return transaction.connection.execute(query).scalar()


def online_versions(transaction: Transaction, api_ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """For each API, the version online in each stage."""
    query = select(editions.c.api_id, editions.c.stage, editions.c.version)
    found: dict[str, dict[str, str]] = {api_id: {} for api_id in api_ids}
    for row in transaction.connection.execute(query.where(editions.c.online, editions.c.api_id.in_(list(found)))):
        found[row.api_id][row.stage] = row.version
    return found


def list_editions(transaction: Transaction, wanted: dict[str, Any], page: Page, online: bool = False) -> Editions:
    """Newest first; `wanted` maps columns to values, None meaning any."""
    query = select(editions)
    for name, value in wanted.items():
        if value is not None:
            query = query.where(editions.c[name] == value)
    if online:
        query = query.where(editions.c.online)
    order = [editions.c.version.desc(), editions.c.api_id, editions.c.stage]
    found = select_page(transaction, query, order, page)
    return Editions([_edition(row) for row in found.rows], found.total)


def _edition(row: Row[Any]) -> Edition:
    stored = json.loads(row.definition)
    values = {name: value for name, value in row._mapping.items() if name != "definition"}
    return Edition(**values, snapshot=stored["snapshot"], body=stored["body"])
