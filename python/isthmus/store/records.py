"""The plan's records in the store: written by operations, read by the plane.

`RecordWriter` collects what a transaction changes and gives it one revision when the transaction ends; a body that is
already stored unchanged is not written again, so an operation may put what it means without comparing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from isthmus.sealing import Keyring
from isthmus.store.schema import records, store_identity


@dataclass(frozen=True)
class Head:
    """Where the plan stands: which store, its newest revision, and the oldest from which a tail can be given."""

    store_id: str
    revision: int
    floor: int


@dataclass(frozen=True)
class StoredRecord:
    """One record; `body` is its JSON text, None for a tombstone."""

    kind: str
    key: str
    revision: int
    body: str | None


@dataclass(frozen=True)
class Change:
    """Something that a transaction changes: its content before and after, None where it is not there."""

    kind: str
    key: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class RecordWriter:
    """What one transaction does to the plan."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring
        self._pending: dict[tuple[str, str], str | None] = {}

    def put(self, kind: str, key: str, body: dict[str, Any]) -> None:
        """Sets a record's content."""
        text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        self._pending[(kind, key)] = text

    def remove(self, kind: str, key: str) -> None:
        """Removes a record; removing what is not there changes nothing."""
        self._pending[(kind, key)] = None

    def body(self, kind: str, key: str) -> dict[str, Any] | None:
        """The stored content of a record; what this transaction puts does not show."""
        text = self._current(kind, key)
        return None if text is None else dict(json.loads(text))

    def put_so_far(self) -> list[tuple[str, str, str]]:
        """Kind, key and body of what this transaction sets, changed or not."""
        return [(kind, key, body) for (kind, key), body in self._pending.items() if body is not None]

    def changes(self) -> list[Change]:
        """What `flush` would write."""
        found = []
        for (kind, key), after in self._pending.items():
            before = self._current(kind, key)
            if before != after:
                found.append(
                    Change(kind, key, *(None if text is None else json.loads(text) for text in (before, after)))
                )
        return found

    def flush(self) -> int | None:
        """Writes what changed under the next revision and returns it; None when nothing changed."""
        changed = {at: body for at, body in self._pending.items() if body != self._current(*at)}
        self._pending.clear()
        if not changed:
            return None
        revision = head(self._connection).revision + 1
        for (kind, key), body in changed.items():
            sealed = None if body is None else self._keyring.seal(f"record/{kind}", body)
            self._upsert(kind=kind, key=key, revision=revision, sealed_body=sealed)
        self._connection.execute(update(store_identity).values(revision=revision))
        return revision

    def _current(self, kind: str, key: str) -> str | None:
        found = select(records.c.sealed_body).where(records.c.kind == kind, records.c.key == key)
        sealed = self._connection.execute(found).scalar()
        return None if sealed is None else self._keyring.open(f"record/{kind}", sealed)

    def _upsert(self, **row: Any) -> None:
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(records).values(row)
        changed = {"revision": statement.excluded.revision, "sealed_body": statement.excluded.sealed_body}
        self._connection.execute(statement.on_conflict_do_update(index_elements=["kind", "key"], set_=changed))


def head(connection: Connection) -> Head:
    row = connection.execute(select(store_identity)).one()
    return Head(row.store_id, row.revision, row.floor)


def records_after(connection: Connection, keyring: Keyring, revision: int) -> Iterator[StoredRecord]:
    """Records changed after `revision`, tombstones included, oldest change first."""
    found = (
        select(records).where(records.c.revision > revision).order_by(records.c.revision, records.c.kind, records.c.key)
    )
    return _open(connection, keyring, found)


def all_records(connection: Connection, keyring: Keyring) -> Iterator[StoredRecord]:
    """Every record there is, without tombstones."""
    found = select(records).where(records.c.sealed_body.is_not(None)).order_by(records.c.kind, records.c.key)
    return _open(connection, keyring, found)


def keys_like(connection: Connection, kind: str, pattern: str) -> list[str]:
    """Keys of records, without tombstones, that an SQL pattern fits."""
    wanted = (records.c.kind == kind, records.c.sealed_body.is_not(None), records.c.key.like(pattern))
    return list(connection.execute(select(records.c.key).where(*wanted).order_by(records.c.key)).scalars())


def records_of_kind(connection: Connection, keyring: Keyring, kind: str) -> Iterator[StoredRecord]:
    """Those of one kind, without tombstones."""
    found = select(records).where(records.c.kind == kind, records.c.sealed_body.is_not(None)).order_by(records.c.key)
    return _open(connection, keyring, found)


def _open(connection: Connection, keyring: Keyring, statement: Any) -> Iterator[StoredRecord]:
    # On the statement: the option would stay with a connection, and not every statement can have a cursor.
    for row in connection.execute(statement.execution_options(yield_per=500)):
        body = None if row.sealed_body is None else keyring.open(f"record/{row.kind}", row.sealed_body)
        yield StoredRecord(row.kind, row.key, row.revision, body)
