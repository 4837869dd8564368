"""Old events go when a setting says so; what is younger than thirty days stays, whoever asks."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from isthmus.sealing import Keyring
from isthmus.store import Store
from isthmus.store.audit import Actor, AuditEvent, EventFilter, add_event, list_events
from isthmus.store.audit_retention import Retention, remove_old_events
from isthmus.store.schema import audit_events, audit_subjects
from isthmus.store.selection import Page
from sqlalchemy import delete, func, select
from sqlalchemy.exc import DBAPIError

DAY = 24 * 3600.0
MONTHS_AGO = 1_700_000_000.0
ACTOR = Actor("ISTHKEY", "owner", "", "sdk", "", "")
Opened = Callable[[list[float]], Store]


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    def make(clock: list[float]) -> Store:
        keyring = Keyring(bytes(32))
        if request.param == "sqlite":
            return Store.open_sqlite(tmp_path / "store.db", keyring, lambda: clock[0])
        address = request.getfixturevalue("postgresql").database()
        return Store.open_postgresql(address, keyring, lambda: clock[0])

    return make


def leave(store: Store, operation: str) -> None:
    with store.write() as transaction:
        add_event(transaction, AuditEvent(ACTOR, operation, subjects=[operation]))


def trail(store: Store) -> list[str]:
    with store.read() as transaction:
        return [one.event.operation for one in list_events(transaction, EventFilter(), Page(1, 100)).events]


def test_what_was_kept_for_long_enough_goes_and_leaves_a_word(opened: Opened) -> None:
    clock = [MONTHS_AGO]
    store = opened(clock)
    for _ in range(1200):
        leave(store, "Old")
    clock[0] += 50 * DAY
    leave(store, "Younger")
    clock[0] += 50 * DAY
    assert remove_old_events(store, int(60 * DAY * 1000)) == 1200
    assert trail(store) == ["RemoveOldEvents", "Younger"]
    with store.read() as transaction:
        assert transaction.connection.execute(select(func.count()).select_from(audit_subjects)).scalar() == 1
    assert remove_old_events(store, int(60 * DAY * 1000)) == 0
    # Less than thirty days is thirty days.
    clock[0] -= 25 * DAY
    assert remove_old_events(store, 1) == 0
    store.close()


def test_the_database_keeps_the_last_thirty_days(opened: Opened) -> None:
    store = opened([time.time() - 29 * DAY])
    leave(store, "Recent")
    for table in (audit_subjects, audit_events):
        with pytest.raises(DBAPIError, match="only grow"), store.write() as transaction:
            transaction.connection.execute(delete(table))
    assert trail(store) == ["Recent"]
    store.close()


def test_the_thread_removes_at_once_and_stops(tmp_path: Path) -> None:
    clock = [MONTHS_AGO]
    store = Store.open_sqlite(tmp_path / "store.db", Keyring(bytes(32)), lambda: clock[0])
    leave(store, "Old")
    clock[0] += 400 * DAY
    retention = Retention(store, int(90 * DAY * 1000))
    retention.start()
    retention.stop()
    assert trail(store) == ["RemoveOldEvents"]
    store.close()
