"""The nonces of management calls, kept so that neither a restart nor another control plane accepts a call again.

Used by the wire through `WireOptions.nonces`. Beside SQLite they are a file of their own, so that remembering one never
waits for a long write, and need not survive a loss of power: a call is older than its window by then, or its time is.
On PostgreSQL they are a table that every control plane shares. Invariant: a nonce is accepted once until it has expired.
"""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

from sqlalchemy import BigInteger, Column, Engine, MetaData, String, Table, create_engine, delete, event, text
from sqlalchemy.dialects import postgresql, sqlite

_metadata = MetaData()
_nonces = Table(
    "management_nonces",
    _metadata,
    Column("digest", String(32), primary_key=True),
    # Unix seconds.
    Column("expires_at", BigInteger, nullable=False, index=True),
)
_CLEAN_SECONDS = 60
_CREATE_LOCK = 4_915_770_103


class StoredNonces:
    """Safe to use from any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._cleaned = 0.0
        self._lock = threading.Lock()
        with engine.begin() as connection:
            if not self._is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _CREATE_LOCK})
            _metadata.create_all(connection)

    @classmethod
    def open_sqlite(cls, path: Path) -> StoredNonces:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 15, "check_same_thread": False})

        @event.listens_for(engine, "connect")
        def on_connect(connection: object, _record: object) -> None:
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
                connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]

        return cls(engine)

    def first_use(self, access_key_id: str, nonce: str, until: float, now: float) -> bool:
        """Remembers the nonce until that moment; False when it was there."""
        digest = hashlib.blake2b(f"{access_key_id}\n{nonce}".encode(), digest_size=16).hexdigest()
        dialect = sqlite if self._is_sqlite else postgresql
        row = {"digest": digest, "expires_at": int(until) + 1}
        statement = dialect.insert(_nonces).values(row).on_conflict_do_nothing()
        with self._engine.begin() as connection:
            if not self._is_sqlite:
                connection.execute(text("SET LOCAL synchronous_commit = off"))
            if self._is_due(now):
                connection.execute(delete(_nonces).where(_nonces.c.expires_at < int(now)))
            return connection.execute(statement).rowcount == 1

    def close(self) -> None:
        self._engine.dispose()

    def _is_due(self, now: float) -> bool:
        with self._lock:
            if now - self._cleaned < _CLEAN_SECONDS:
                return False
            self._cleaned = now
            return True
