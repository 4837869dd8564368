"""Taking away what the audit trail has kept for long enough (setting `audit_retention`).

Run by the control plane at its start and every hour. Triggers of the database refuse to lose anything younger than thirty
days, whatever the setting. Invariant: whoever looks finds an event that says up to when something was taken away.
"""

from __future__ import annotations

import logging
import threading

from sqlalchemy import delete, select
from sqlalchemy.exc import DBAPIError

from isthmus.store.audit import Actor, AuditEvent, add_event
from isthmus.store.database import Store
from isthmus.store.schema import audit_events, audit_subjects

log = logging.getLogger("isthmus.store")

LEAST_MS = 30 * 24 * 3600 * 1000
# The triggers go by the clock of the database.
_MARGIN_MS = 60 * 60 * 1000
_EVERY_SECONDS = 3600.0
# Each piece is a write, and others wait for it.
_TOGETHER = 500
_ACTOR = Actor("host:control", "owner", "", "isthmus", "", "")


def remove_old_events(store: Store, kept_ms: int) -> int:
    """How many were older than `kept_ms`, or than thirty days when that is less; they are gone."""
    removed = 0
    while True:
        with store.write() as transaction:
            edge = transaction.now - max(kept_ms, LEAST_MS) - _MARGIN_MS
            old = select(audit_events.c.event_id).where(audit_events.c.happened_at < edge).limit(_TOGETHER)
            event_ids = transaction.connection.execute(old).scalars().all()
            if event_ids:
                transaction.connection.execute(delete(audit_subjects).where(audit_subjects.c.event_id.in_(event_ids)))
                transaction.connection.execute(delete(audit_events).where(audit_events.c.event_id.in_(event_ids)))
                removed += len(event_ids)
            elif removed:
                text = f"{removed} events from before {edge} (Unix ms) were removed: the setting audit_retention."
                add_event(transaction, AuditEvent(_ACTOR, "RemoveOldEvents", message=text))
        if not event_ids:
            return removed


class Retention:
    """A thread that does so now and then."""

    def __init__(self, store: Store, kept_ms: int, every: float = _EVERY_SECONDS) -> None:
        self._store = store
        self._kept_ms = kept_ms
        self._every = every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit-retention", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _run(self) -> None:
        while True:
            try:
                removed = remove_old_events(self._store, self._kept_ms)
                if removed:
                    log.info("removed %d events that the audit trail has kept for long enough", removed)
            except DBAPIError as error:
                log.warning("old events of the audit trail could not be removed: %s", error.orig)
            if self._stopping.wait(self._every):
                return
