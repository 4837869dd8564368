"""Opening the store, and transactions: many readers, one writer, durable before it is acknowledged.

`Store.write()` is exclusive, on PostgreSQL among all control planes; what it commits carries the next revision when it
changed plan records. SQLite runs in WAL mode with `synchronous=FULL`, so a commit that returned survives `kill -9` and
power loss.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from isthmus.sealing import Keyring
from isthmus.store import postgresql
from isthmus.store.engine_reports import StoredReports
from isthmus.store.nonces import StoredNonces
from isthmus.store.records import Change, RecordWriter, head


class Transaction:
    """One open transaction. `now` is the same millisecond for everything it writes."""

    def __init__(self, connection: Connection, keyring: Keyring, now: int) -> None:
        self.connection = connection
        self.keyring = keyring
        self.now = now
        self.records = RecordWriter(connection, keyring)
        self._noted: dict[tuple[str, str], Change] = {}
        # The revision that the commit gave the plan; None before it, and when the plan did not change.
        self.revision: int | None = None

    def note(self, change: Change) -> None:
        """Something that changed and is no plan record, for the audit trail. Only texts and numbers, no secret."""
        earlier = self._noted.get((change.kind, change.key))
        before = change.before if earlier is None else earlier.before
        self._noted[change.kind, change.key] = Change(change.kind, change.key, before, change.after)

    def changes(self) -> list[Change]:
        """What this transaction has changed so far, secrets included."""
        return [*self._noted.values(), *self.records.changes()]


class Store:
    """The database behind the control plane."""

    def __init__(
        self, engine: Engine, keyring: Keyring, nonces: StoredNonces, clock: Callable[[], float] = time.time
    ) -> None:
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._snapshots = engine if self._is_sqlite else postgresql.snapshots(engine)
        self.nonces = nonces
        self._keyring = keyring
        self._clock = clock
        self._writer = threading.Lock()
        self._listeners: list[Callable[[int], None]] = []

    @classmethod
    def open_sqlite(cls, path: Path, keyring: Keyring, clock: Callable[[], float] = time.time) -> Store:
        """Opens (or creates) the file and brings it to the current shape."""
        from isthmus.store.migrate import migrate

        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # SQLite gives its other files the mode of this one.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 15, "check_same_thread": False})
        _configure_sqlite(engine)
        migrate(engine)
        nonces = StoredNonces.open_sqlite(path.with_name(f"nonces-of-{path.name}"))
        return cls(engine, keyring, nonces, clock)

    @classmethod
    def open_postgresql(cls, address: str, keyring: Keyring, clock: Callable[[], float] = time.time) -> Store:
        """Brings the database, which must exist, to the current shape. Raises: ValueError for a bad address."""
        from isthmus.store.migrate import migrate

        engine = postgresql.open_engine(address)
        migrate(engine)
        return cls(engine, keyring, StoredNonces(engine), clock)

    @property
    def is_shared(self) -> bool:
        """Whether other control planes may use the same database."""
        return not self._is_sqlite

    def engine_reports(self) -> StoredReports | None:
        """Where control planes share what engines say; None when there is only this one."""
        return None if self._is_sqlite else StoredReports(self._engine)

    @property
    def keyring(self) -> Keyring:
        return self._keyring

    def on_commit(self, listener: Callable[[int], None]) -> None:
        """Calls `listener(revision)` after each commit that changed plan records, on the committing thread."""
        self._listeners.append(listener)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A consistent snapshot."""
        with self._snapshots.connect() as connection, connection.begin():
            yield Transaction(connection, self._keyring, self._now())

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """The one writer. Commits when the block ends, rolls back when it raises."""
        with self._writer, self._engine.connect() as connection:
            # The write lock is taken at once: a read that is upgraded later could fail for a stale snapshot.
            if self._is_sqlite:
                connection.info["begin"] = "BEGIN IMMEDIATE"
            try:
                with connection.begin():
                    if not self._is_sqlite:
                        postgresql.wait_for_turn(connection)
                    transaction = Transaction(connection, self._keyring, self._now())
                    yield transaction
                    revision = transaction.records.flush()
                    transaction.revision = revision
            finally:
                connection.info.pop("begin", None)
        if revision is not None:
            self.announce(revision)

    def announce(self, revision: int) -> None:
        """Tells the listeners that the plan has this revision."""
        for listener in self._listeners:
            listener(revision)

    def revision(self) -> int:
        """The newest revision of the plan."""
        with self.read() as transaction:
            return head(transaction.connection).revision

    def close(self) -> None:
        self.nonces.close()
        self._engine.dispose()

    def _now(self) -> int:
        return int(self._clock() * 1000)


def _configure_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        # The database's own would only know ASCII, and names are in any language.
        connection.create_function("lower", 1, _lower, deterministic=True)
        # SQLAlchemy's events begin transactions; the driver's own implicit ones would come in between.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.info.get("begin", "BEGIN"))


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value
