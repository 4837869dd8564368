"""The store on PostgreSQL: the same shape, one writer among all control planes, nothing missed, errors that tell."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from isthmus.sealing import Keyring
from isthmus.store import Store
from isthmus.store.audit import Actor, AuditEvent, EventFilter, add_event, list_events
from isthmus.store.failures import Failure, failure_of
from isthmus.store.groups import GroupFilter, add_group, find_group_by_name, list_groups
from isthmus.store.nonces import StoredNonces
from isthmus.store.postgresql import open_engine, read_address, shown
from isthmus.store.records import all_records
from isthmus.store.schema import metadata
from isthmus.store.selection import Page
from isthmus.store.watch import Watch
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

KEYRING = Keyring(bytes(32))


@pytest.fixture
def address(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
def stores(address: str) -> Iterator[list[Store]]:
    """Two control planes' stores on one database."""
    opened = [Store.open_postgresql(address, KEYRING) for _ in range(2)]
    yield opened
    for store in opened:
        store.close()


def test_a_migrated_database_equals_the_schema(address: str) -> None:
    Store.open_postgresql(address, KEYRING).close()
    engine = open_engine(address)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = [change for change in compare_metadata(context, metadata) if "management_nonces" not in str(change)]
    engine.dispose()
    assert found == []


def test_control_planes_that_start_together_migrate_once(address: str) -> None:
    opened: list[Store] = []
    threads = [
        threading.Thread(target=lambda: opened.append(Store.open_postgresql(address, KEYRING))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(opened) == 4
    for store in opened:
        store.close()


def test_writers_in_two_control_planes_take_turns(stores: list[Store]) -> None:
    """Each checks that a name is free and takes it: one succeeds, whatever the timing."""
    made: list[int] = []

    def make(store: Store) -> None:
        for number in range(10):
            with store.write() as transaction:
                if find_group_by_name(transaction, f"group_{number}") is None:
                    add_group(transaction, f"group_{number}", "", "/", "i")
                    transaction.records.put("group", f"{number}", {"n": number})
                    made.append(number)

    threads = [threading.Thread(target=make, args=(store,)) for store in stores * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(made) == list(range(10))
    assert stores[0].revision() == stores[1].revision() == 10


def test_a_read_sees_one_moment(stores: list[Store]) -> None:
    one, two = stores
    with one.read() as before:
        assert list_groups(before, GroupFilter(), Page()).total == 0
        with two.write() as transaction:
            add_group(transaction, "group_a", "", "/", "i")
        assert list_groups(before, GroupFilter(), Page()).total == 0
    with one.read() as after:
        assert list_groups(after, GroupFilter(), Page()).total == 1


def test_what_one_control_plane_commits_the_other_hears_of(stores: list[Store]) -> None:
    one, two = stores
    heard = threading.Event()
    revisions: list[int] = []

    def listen(revision: int) -> None:
        revisions.append(revision)
        if revision == 1:
            heard.set()

    two.on_commit(listen)
    watch = Watch(two, every=0.01)
    watch.start()
    try:
        with one.write() as transaction:
            transaction.records.put("group", "g", {"a": "ü"})
        assert heard.wait(20), revisions
    finally:
        watch.stop()
    with two.read() as transaction:
        (record,) = all_records(transaction.connection, KEYRING)
        assert record.body == '{"a":"ü"}'


def test_a_nonce_is_used_once_among_all_control_planes(stores: list[Store]) -> None:
    one, two = (store.nonces for store in stores)
    assert one.first_use("key", "n", until=1000, now=100)
    assert not two.first_use("key", "n", until=1000, now=100)
    assert two.first_use("other", "n", until=1000, now=100)


def test_a_database_that_came_back_is_used_again(postgresql: Any, new_database: Callable[[], str]) -> None:
    store = Store.open_postgresql(new_database(), KEYRING)
    assert store.revision() == 0
    postgresql.stop()
    with pytest.raises(DBAPIError) as away:
        store.revision()
    assert failure_of(away.value) is Failure.UNAVAILABLE
    postgresql.start()
    assert store.revision() == 0
    store.close()


def test_errors_are_told_apart_by_their_code(address: str) -> None:
    engine = open_engine(address)
    wanted = {
        "SELECT 1/0": Failure.VALUE,
        "SELECT 1 FROM pg_class WHERE relname = 'a\0b'": None,
        "SELECT no_such_column": None,
        "CREATE TABLE t (a int primary key); INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)": Failure.CONFLICT,
    }
    found = {}
    for statement in wanted:
        with engine.connect() as connection, pytest.raises(DBAPIError) as raised:
            for part in statement.split(";"):
                connection.execute(text(part))
        found[statement] = failure_of(raised.value)
    engine.dispose()
    zero = "SELECT 1 FROM pg_class WHERE relname = 'a\0b'"
    assert {**found, zero: None} == wanted


@pytest.mark.parametrize(
    "address",
    ["mysql://h/d", "postgresql://h", "postgresql:///d", "postgresql://h/d?sslmode=maybe", "postgresql://h/d?a=b", "x", "postgresql://h:port/d"],
)  # fmt: skip
def test_a_bad_address_is_told_without_its_password(address: str) -> None:
    with pytest.raises(ValueError, match=r"postgresql://user:password@host|sslmode"):
        read_address(address.replace("://", "://user:secret@"))
    assert "secret" not in shown("postgresql://user:secret@host/db")


def test_nonces_survive_a_restart_and_expire(tmp_path: Any) -> None:
    path = tmp_path / "nonces.sqlite"
    first = StoredNonces.open_sqlite(path)
    assert first.first_use("key", "n", until=1000, now=100)
    first.close()
    again = StoredNonces.open_sqlite(path)
    assert not again.first_use("key", "n", until=1000, now=1000)
    assert again.first_use("key", "n", until=3000, now=2000)
    again.close()


def test_the_audit_trail_only_grows_here_too(stores: list[Store]) -> None:
    actor = Actor("key", "owner", "::1", "other", "agent", "id")
    with stores[0].write() as transaction:
        add_event(transaction, AuditEvent(actor, "CreateApp", "InvalidParameter", "a\x00b", subjects=["a\x00b", "app"]))
    for statement in (
        "DELETE FROM audit_events",
        "UPDATE audit_subjects SET subject = ''",
        "TRUNCATE audit_events CASCADE",
    ):
        with pytest.raises(DBAPIError, match="can only grow"), stores[0].write() as transaction:
            transaction.connection.execute(text(statement))
    with stores[1].read() as transaction:
        (found,) = list_events(transaction, EventFilter(subject="app"), Page(1, 10)).events
    assert found.event.outcome == "InvalidParameter"
