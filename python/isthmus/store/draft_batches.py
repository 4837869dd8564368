"""Many drafts of one group at once, in few statements: what an import reads first and writes last.

Called by `operations/draft_batch.py`, which has checked that names and paths are free. On a database elsewhere each
statement is a way there and back, so rows travel together. Invariant: as if each draft had been written alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite

from isthmus.store.apis import ApiChange
from isthmus.store.database import Transaction
from isthmus.store.records import Change
from isthmus.store.schema import apis

# Databases bound the number of values in a statement.
_TOGETHER = 200


class Place(NamedTuple):
    """By what a draft is known in its group."""

    api_id: str
    name: str
    # Upper case.
    method: str
    path: str


def places_of_group(transaction: Transaction, group_id: str) -> list[Place]:
    query = select(apis.c.api_id, apis.c.name, apis.c.method, apis.c.path).where(apis.c.group_id == group_id)
    return [Place(*row) for row in transaction.connection.execute(query)]


def update_apis(transaction: Transaction, changes: Mapping[str, ApiChange]) -> None:
    """By id, in their order."""
    for api_ids in _pieces(list(changes)):
        rows = transaction.connection.execute(select(apis).where(apis.c.api_id.in_(api_ids)))
        stored = {row.api_id: dict(row._mapping) for row in rows}
        values = []
        for api_id in api_ids:
            before, change = stored[api_id], changes[api_id]
            after = {**before, **vars(change), "draft_revision": before["draft_revision"] + 1}
            values.append({**after, "modified_at": transaction.now})
            drafts = (json.loads(before["definition"]), json.loads(change.definition))
            transaction.note(Change("draft", api_id, *drafts))
        _overwrite(transaction, values)


def add_apis(transaction: Transaction, group_id: str, changes: Mapping[str, ApiChange]) -> None:
    """Under the ids given."""
    for api_ids in _pieces(list(changes)):
        values = [
            {
                "api_id": api_id,
                "group_id": group_id,
                **vars(changes[api_id]),
                "draft_revision": 1,
                "created_at": transaction.now,
                "modified_at": transaction.now,
            }
            for api_id in api_ids
        ]
        transaction.connection.execute(insert(apis).values(values))
        for api_id in api_ids:
            transaction.note(Change("draft", api_id, None, json.loads(changes[api_id].definition)))


def _overwrite(transaction: Transaction, values: list[dict[str, Any]]) -> None:
    dialect = postgresql if transaction.connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(apis).values(values)
    changed = {column.name: column for column in statement.excluded if column.name != "api_id"}
    transaction.connection.execute(statement.on_conflict_do_update(index_elements=["api_id"], set_=changed))


def _pieces(api_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(api_ids), _TOGETHER):
        yield api_ids[start : start + _TOGETHER]
