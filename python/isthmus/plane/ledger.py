"""The content hash of the plan at each revision that was handed out.

Read from the store once at the first use, then carried along by what each revision changed. The feed asks for the hash
of the very transaction it reads from; `reports` asks which hash an engine at some revision should have.
Invariant: a hash is only ever given for the whole set of records at exactly that revision. Safe to use from any thread.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict

from isthmus.store import Transaction
from isthmus.store.records import Head, StoredRecord, all_records, head, records_after

_REMEMBERED = 4096


def record_digest(kind: str, key: str, body: str) -> int:
    """The hash of one record, the same as the engine's (crates/plan/src/digest.rs)."""
    return int.from_bytes(hashlib.sha256(f"{kind}\0{key}\0{body}".encode()).digest()[:16], "big")


class Ledger:
    """What the plan's content hash was, revision by revision."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._store_id = ""
        self._revision = -1
        self._digest = 0
        self._records: dict[tuple[str, str], int] = {}
        self._known: OrderedDict[int, str] = OrderedDict()

    @property
    def revision(self) -> int:
        """The newest revision the ledger has read; -1 before the first."""
        return self._revision

    @property
    def store_id(self) -> str:
        """The store it has read; empty before the first."""
        return self._store_id

    def digest_at(self, store_id: str, revision: int) -> str | None:
        """The hash at a revision that was handed out; None when this ledger never saw it."""
        with self._lock:
            return self._known.get(revision) if store_id == self._store_id else None

    def advance(self, transaction: Transaction) -> tuple[Head, str]:
        """Where the plan stands in this transaction, and its content hash there.

        Must be the first read of the transaction: its snapshot begins under the lock, so revisions only ever grow.
        """
        with self._lock:
            now = head(transaction.connection)
            known = self._known.get(now.revision) if now.store_id == self._store_id else None
            if known is not None:
                return now, known
            reached, self._revision = self._revision, -1  # stays so when reading fails half-way
            # Below the floor tombstones are gone, and a store that was put back to an older state is another one.
            if now.store_id != self._store_id or not now.floor <= reached < now.revision:
                self._read_all(transaction)
            else:
                for record in records_after(transaction.connection, transaction.keyring, reached):
                    self._change(record)
            self._store_id, self._revision = now.store_id, now.revision
            digest = f"{self._digest:032x}"
            self._known[now.revision] = digest
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
            return now, digest

    def _read_all(self, transaction: Transaction) -> None:
        self._digest = 0
        self._records.clear()
        self._known.clear()
        for record in all_records(transaction.connection, transaction.keyring):
            self._change(record)

    def _change(self, record: StoredRecord) -> None:
        name = (record.kind, record.key)
        self._digest ^= self._records.pop(name, 0)
        if record.body is not None:
            digest = record_digest(record.kind, record.key, record.body)
            self._records[name] = digest
            self._digest ^= digest
