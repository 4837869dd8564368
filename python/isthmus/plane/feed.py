"""The plan as an engine reads it: newline-delimited JSON, one batch after the other.

A batch is `begin`, its records, `commit` with the content hash of the whole plan after it: the whole plan (`snapshot`)
when the engine has none, another store's, or one too old or too new; else what changed since (`tail`). Called by
`response`, on worker threads. Invariant: one batch, one read transaction; a body travels as the text that is stored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from isthmus.plane.ledger import Ledger
from isthmus.store import Store, Transaction
from isthmus.store.records import Head, StoredRecord, all_records, records_after

PING = b'{"type":"ping"}\n'
_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class Position:
    """What an engine has: which store's plan, at which revision."""

    store_id: str
    revision: int

    def reaches(self, head: Head) -> bool:
        """Whether a tail leads from here to there."""
        return self.store_id == head.store_id and self.revision > 0 and head.floor <= self.revision <= head.revision


class Feed:
    """The batches for one engine; remembers where the engine is."""

    def __init__(self, store: Store, ledger: Ledger, position: Position) -> None:
        self._store = store
        self._ledger = ledger
        self._position = position
        self._greeted = False

    def batch(self) -> Iterator[bytes]:
        """The next batch in chunks that end where lines end; nothing when the engine has everything.

        The first batch always comes, if only to tell the content hash: an engine that came back learns if it is wrong.
        """
        with self._store.read() as transaction:
            head, digest = self._ledger.advance(transaction)
            if self._greeted and self._position == Position(head.store_id, head.revision):
                return
            yield from _chunks(self._lines(transaction, head, digest))
        self._greeted = True
        self._position = Position(head.store_id, head.revision)

    def _lines(self, transaction: Transaction, head: Head, digest: str) -> Iterator[bytes]:
        tail = self._position.reaches(head)
        mode = "tail" if tail else "snapshot"
        yield _line(type="begin", store=head.store_id, mode=mode, revision=head.revision)
        source = (transaction.connection, transaction.keyring)
        for record in records_after(*source, self._position.revision) if tail else all_records(*source):
            yield _record_line(record)
        yield _line(type="commit", revision=head.revision, digest=digest)


def _line(**fields: str | int) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _record_line(record: StoredRecord) -> bytes:
    start = _line(type="record", kind=record.kind, key=record.key, revision=record.revision)
    # The hash is over the stored text, so it is set in as it is and never parsed and printed again.
    return start[:-2] + b',"body":' + (record.body or "null").encode() + b"}\n"


def _chunks(lines: Iterator[bytes]) -> Iterator[bytes]:
    collected: list[bytes] = []
    size = 0
    for line in lines:
        collected.append(line)
        size += len(line)
        if size >= _CHUNK_BYTES:
            yield b"".join(collected)
            collected, size = [], 0
    if collected:
        yield b"".join(collected)
