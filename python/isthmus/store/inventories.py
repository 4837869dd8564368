"""Rows of `network_instances` and `network_sources`: which instance has which address, according to whom, and when and
how well that was last said.

Called by `operations/network_instances.py`, `operations/network_sources.py` and by `networks.py`, which adds them to a
network. Invariant: an instance has one address in a network, and a source changes its own entries only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from isthmus.store.database import Transaction
from isthmus.store.network_tables import network_instances, network_sources


@dataclass(frozen=True)
class SeenInstance:
    instance_id: str
    address: str
    source: str
    # Unix milliseconds.
    seen_at: int
    # Seconds.
    fresh_for: int

    def is_stale(self, now: int) -> bool:
        return now > self.seen_at + self.fresh_for * 1000


@dataclass(frozen=True)
class KnownSource:
    source: str
    # Of whoever reads it; `REPORTED` for one that calls an operation.
    kind: str
    # Unix milliseconds; None: it never told anything.
    refreshed_at: int | None
    tried_at: int
    # Why the last try failed, and what was left out of the last that did not.
    error: str
    left_out: str


REPORTED = "reported"


def seen_instances(transaction: Transaction, network_id: str) -> list[SeenInstance]:
    """By instance id."""
    query = (
        select(network_instances)
        .where(network_instances.c.network_id == network_id)
        .order_by(network_instances.c.instance_id)
    )
    return [
        SeenInstance(row.instance_id, row.address, row.source, row.seen_at, row.fresh_for)
        for row in transaction.connection.execute(query)
    ]


def replace_seen_instances(
    transaction: Transaction, network_id: str, source: str, instances: Mapping[str, str], fresh_for: int
) -> None:
    """Everything that the source says of the network, and nothing that it said before."""
    of_source = (network_instances.c.network_id == network_id) & (network_instances.c.source == source)
    transaction.connection.execute(delete(network_instances).where(of_source))
    if instances:
        rows = [
            {
                "network_id": network_id,
                "instance_id": instance_id,
                "address": address,
                "source": source,
                "seen_at": transaction.now,
                "fresh_for": fresh_for,
            }
            for instance_id, address in instances.items()
        ]
        transaction.connection.execute(insert(network_instances), rows)


def confirm_seen_instances(transaction: Transaction, network_id: str, source: str, fresh_for: int) -> None:
    """The source says again what it said before."""
    of_source = (network_instances.c.network_id == network_id) & (network_instances.c.source == source)
    values = {"seen_at": transaction.now, "fresh_for": fresh_for}
    transaction.connection.execute(update(network_instances).where(of_source).values(values))


def known_sources(transaction: Transaction, network_id: str) -> list[KnownSource]:
    """By name."""
    query = select(network_sources).where(network_sources.c.network_id == network_id).order_by(network_sources.c.source)
    return [
        KnownSource(row.source, row.kind, row.refreshed_at, row.tried_at, row.error, row.left_out)
        for row in transaction.connection.execute(query)
    ]


def put_source(transaction: Transaction, network_id: str, source: KnownSource) -> None:
    remove_source(transaction, network_id, source.source)
    transaction.connection.execute(insert(network_sources).values(network_id=network_id, **vars(source)))


def remove_source(transaction: Transaction, network_id: str, source: str) -> None:
    same = (network_sources.c.network_id == network_id) & (network_sources.c.source == source)
    transaction.connection.execute(delete(network_sources).where(same))
