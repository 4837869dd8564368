"""The table of instances that sources other than a person report, beside those of `schema.py` and in its manner.

Read by `store/inventories.py`. An entry goes with its network.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table

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
