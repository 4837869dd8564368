"""The tables of what engines counted, beside those of `schema.py` and in its manner. Read by `store/traffic.py`.

A row is what one engine counted in one step of time; `step` is the length of the step in milliseconds, `at` its
beginning. They refer to no other table: what was counted stays when an API or an app is deleted.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from isthmus.store.schema import metadata

COUNTS = (
    "answers_1xx",
    "answers_2xx",
    "answers_3xx",
    "answers_4xx",
    "answers_5xx",
    "bytes_in",
    "bytes_out",
    "total_us",
    "backend_calls",
    "backend_us",
)

# Requests by how long they took: each column has those up to its limit and over the one before; the last has no limit.
# The engine's `STEPS` (record/tally.rs) are the same.
DURATION_LIMITS_US = (1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000)
DURATIONS = tuple(f"took_{number}" for number in range(len(DURATION_LIMITS_US) + 1))

api_traffic = Table(
    "api_traffic",
    metadata,
    Column("step", Integer, primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("node", String(128), primary_key=True),
    Column("api_id", String(64), primary_key=True),
    Column("stage", String(64), primary_key=True),
    Column("group_id", String(64), nullable=False),
    Column("instance_id", String(64), nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in COUNTS),
    *(Column(name, BigInteger, nullable=False, server_default="0") for name in DURATIONS),
    Index("ix_api_traffic_api_id_at", "api_id", "at"),
    Index("ix_api_traffic_group_id_at", "group_id", "at"),
)

app_traffic = Table(
    "app_traffic",
    metadata,
    Column("step", Integer, primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("node", String(128), primary_key=True),
    Column("app_id", BigInteger, primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in COUNTS),
    Index("ix_app_traffic_app_id_at", "app_id", "at"),
)


def counts_in(table: Table) -> tuple[str, ...]:
    """Durations are counted by API only."""
    return COUNTS + DURATIONS if table is api_traffic else COUNTS
