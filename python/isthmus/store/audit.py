"""Rows of `audit_events`: every management write, and who did it.

Called by `operations/recording.py` in the transaction of the write itself, by sign-in, and by the verbs that work on the
store. Invariant: rows are only added, which triggers of the database hold everybody to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, exists, insert, select

from isthmus.store.database import Transaction
from isthmus.store.schema import audit_events, audit_subjects
from isthmus.store.selection import Page, select_page

SUCCESS = "Success"
_MOST_SUBJECTS = 200


@dataclass(frozen=True)
class Actor:
    """Who acts, from where, and through what."""

    # An access key's id; `user:` and a name of the console; `host:` and a name of the operating system.
    name: str
    role: str
    address: str
    client: str
    user_agent: str
    request_id: str


@dataclass(frozen=True)
class AuditEvent:
    """One row to be; what it carries is masked already."""

    actor: Actor
    operation: str
    outcome: str = SUCCESS
    message: str = ""
    parameters: dict[str, Any] | None = None
    changes: tuple[dict[str, Any], ...] = ()
    subjects: Iterable[str] = ()


class StoredEvent(NamedTuple):
    event_id: int
    happened_at: int
    event: AuditEvent


class StoredEvents(NamedTuple):
    events: list[StoredEvent]
    total: int


@dataclass(frozen=True)
class EventFilter:
    """Times are Unix milliseconds, the end excluded."""

    start: int | None = None
    end: int | None = None
    actor: str | None = None
    operation: str | None = None
    client: str | None = None
    outcome: str | None = None
    subject: str | None = None


def add_event(transaction: Transaction, event: AuditEvent) -> None:
    actor = event.actor
    row = {
        "happened_at": transaction.now,
        "actor": _storable(actor.name)[:128],
        "role": actor.role,
        "address": actor.address[:64],
        "client": actor.client,
        "user_agent": _storable(actor.user_agent)[:256],
        "operation": event.operation[:64],
        "request_id": actor.request_id[:64],
        "outcome": event.outcome[:128],
        "message": _storable(event.message)[:2000],
        "parameters": json.dumps(event.parameters or {}, ensure_ascii=False, separators=(",", ":")),
        "changes": json.dumps(event.changes, ensure_ascii=False, separators=(",", ":")),
    }
    inserted = transaction.connection.execute(insert(audit_events).values(row)).inserted_primary_key
    assert inserted is not None
    subjects = [one for one in dict.fromkeys(map(_storable, event.subjects)) if 0 < len(one) <= 255][:_MOST_SUBJECTS]
    if subjects:
        rows = [{"subject": subject, "event_id": inserted[0]} for subject in subjects]
        transaction.connection.execute(insert(audit_subjects), rows)


def list_events(transaction: Transaction, wanted: EventFilter, page: Page) -> StoredEvents:
    """Newest first."""
    query = select(audit_events)
    for column, value in (
        (audit_events.c.actor, wanted.actor),
        (audit_events.c.operation, wanted.operation),
        (audit_events.c.client, wanted.client),
        (audit_events.c.outcome, wanted.outcome),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.start is not None:
        query = query.where(audit_events.c.happened_at >= wanted.start)
    if wanted.end is not None:
        query = query.where(audit_events.c.happened_at < wanted.end)
    if wanted.subject is not None:
        about = (audit_subjects.c.event_id == audit_events.c.event_id, audit_subjects.c.subject == wanted.subject)
        query = query.where(exists().where(*about))
    found = select_page(transaction, query, [audit_events.c.event_id.desc()], page)
    return StoredEvents([_stored(row) for row in found.rows], found.total)


def last_change_of(transaction: Transaction, kind: str, key: str) -> StoredEvent | None:
    """The newest success that changed this very thing."""
    query = (
        select(audit_events)
        .join(audit_subjects, audit_subjects.c.event_id == audit_events.c.event_id)
        .where(audit_subjects.c.subject == f"{kind} {key}", audit_events.c.outcome == SUCCESS)
        .order_by(audit_events.c.event_id.desc())
        .limit(1)
    )
    row = transaction.connection.execute(query).first()
    return None if row is None else _stored(row)


def _storable(text: str) -> str:
    """PostgreSQL has no zero byte in its texts; what was refused for one must be kept all the same."""
    return text.replace("\x00", "\ufffd")


def _stored(row: Row[Any]) -> StoredEvent:
    actor = Actor(row.actor, row.role, row.address, row.client, row.user_agent, row.request_id)
    event = AuditEvent(
        actor=actor,
        operation=row.operation,
        outcome=row.outcome,
        message=row.message,
        parameters=json.loads(row.parameters),
        changes=tuple(json.loads(row.changes)),
    )
    return StoredEvent(row.event_id, row.happened_at, event)
