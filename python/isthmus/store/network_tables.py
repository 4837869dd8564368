"""The tables of instances that sources other than a person report, beside those of `schema.py` and in its manner.

Read by `store/inventories.py`. An entry goes with its network.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, Text

from isthmus.store.schema import metadata

network_instances = Table(
    "network_instances",
    metadata,
    Column("network_id", ForeignKey("networks.network_id", ondelete="CASCADE"), primary_key=True),
    Column("instance_id", String(255), primary_key=True),
    Column("address", String(45), nullable=False),
    # Who says so, for example a script that reads a cloud's inventory.
    Column("source", String(64), nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    # Seconds after which the word of the source counts as old.
    Column("fresh_for", Integer, nullable=False),
)

network_sources = Table(
    "network_sources",
    metadata,
    Column("network_id", ForeignKey("networks.network_id", ondelete="CASCADE"), primary_key=True),
    Column("source", String(64), primary_key=True),
    # `docker` and so on for one that the control plane reads, `reported` for one that calls an operation.
    Column("kind", String(32), nullable=False),
    # When it last told its instances; empty for one that never did.
    Column("refreshed_at", BigInteger),
    Column("tried_at", BigInteger, nullable=False),
    # Why the last try failed; empty when it did not.
    Column("error", Text, nullable=False),
    # Instances that it told and that cannot be used, with the reasons.
    Column("left_out", Text, nullable=False),
)
