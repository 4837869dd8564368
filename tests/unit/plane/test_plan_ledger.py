"""The content hash follows the store, and is that of the whole plan at each revision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from isthmus.plane.ledger import Ledger, record_digest
from isthmus.store import Store, schema
from isthmus.store.records import all_records
from sqlalchemy import delete, update

# The same value is in crates/plan/src/digest.rs.
BODY = '{"name":"é"}'


def whole(store: Store) -> str:
    digest = 0
    with store.read() as transaction:
        for record in all_records(transaction.connection, transaction.keyring):
            digest ^= record_digest(record.kind, record.key, record.body or "")
    return f"{digest:032x}"


def advanced(ledger: Ledger, store: Store) -> str:
    with store.read() as transaction:
        return ledger.advance(transaction)[1]


def test_hashes_a_record_as_the_engine_does() -> None:
    assert f"{record_digest('app', '7', BODY):032x}" == "5c0b41522908b357d4ad5a89b1468a30"


def test_follows_puts_changes_and_removals(store: Store, put: Callable[..., int]) -> None:
    ledger = Ledger()
    assert advanced(ledger, store) == "0" * 32
    changes: list[dict[str, Any]] = [{"1": {"a": 1}, "2": {"a": 2}}, {"1": {"a": 3}}, {"2": None}, {"3": {}, "1": None}]
    for records in changes:
        put(records)
        assert advanced(ledger, store) == whole(store)


def test_catches_up_over_several_revisions_at_once(store: Store, put: Callable[..., int]) -> None:
    ledger = Ledger()
    put({"1": {"a": 1}})
    first = advanced(ledger, store)
    put({"1": {"a": 2}})
    put({"1": None, "2": {"a": 2}})
    assert advanced(ledger, store) == whole(store)
    with store.read() as transaction:
        store_id = ledger.advance(transaction)[0].store_id
    assert [ledger.digest_at(store_id, revision) for revision in (1, 2, 3)] == [first, None, whole(store)]
    assert ledger.digest_at("other", 3) is None


def test_reads_everything_anew_when_tombstones_are_gone(store: Store, put: Callable[..., int]) -> None:
    ledger = Ledger()
    put({"1": {"a": 1}, "2": {}})
    advanced(ledger, store)
    put({"1": None})
    put({"3": {"a": 1}})
    with store.write() as transaction:
        transaction.connection.execute(delete(schema.records).where(schema.records.c.sealed_body.is_(None)))
        transaction.connection.execute(update(schema.store_identity).values(floor=2))
    assert advanced(ledger, store) == whole(store)


def test_reads_everything_anew_after_a_read_that_failed(store: Store, put: Callable[..., int]) -> None:
    ledger = Ledger()
    put({"1": {"a": 1}})
    advanced(ledger, store)
    put({"2": {"a": 2}, "3": {"a": 3}})
    with store.read() as transaction:
        good = transaction.connection.execute(schema.records.select().where(schema.records.c.key == "3")).one()
    with store.write() as transaction:
        transaction.connection.execute(
            update(schema.records).where(schema.records.c.key == "3").values(sealed_body=b"broken")
        )
    with pytest.raises(Exception, match="sealed value"):
        advanced(ledger, store)
    with store.write() as transaction:
        transaction.connection.execute(
            update(schema.records).where(schema.records.c.key == "3").values(sealed_body=good.sealed_body)
        )
    assert advanced(ledger, store) == whole(store)
