"""Who had how much of what engines counted: sums by API, app, group, stage, instance or engine, the largest first.

Read by the operation `DescribeTraffic`; `traffic.py` keeps the rows. Invariant: the shares by one column add up to the
points of the same time and place.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import func, select

from isthmus.store.database import Transaction
from isthmus.store.traffic import Counts, counts_of
from isthmus.store.traffic_tables import COUNTS, api_traffic, app_traffic, counts_in

# Columns that tell one share from another, by what is asked for.
SHARES: dict[str, tuple[str, ...]] = {
    "API": ("api_id", "stage"),
    "APP": ("app_id",),
    "GROUP": ("group_id",),
    "STAGE": ("stage",),
    "INSTANCE": ("instance_id",),
    "NODE": ("node",),
}


class Share(NamedTuple):
    """`place` has the columns of `SHARES`."""

    place: dict[str, Any]
    counts: Counts


def shares(transaction: Transaction, since: int, until: int, by: str, where: dict[str, Any], most: int) -> list[Share]:
    """`by` is one of `SHARES`, `where` selects by columns; `until` is not included."""
    table = app_traffic if by == "APP" or "app_id" in where else api_traffic
    columns = [table.c[name] for name in SHARES[by]]
    calls = sum((func.sum(table.c[name]) for name in COUNTS[1:5]), func.sum(table.c[COUNTS[0]]))
    query = (
        select(*columns, *(func.sum(table.c[name]).label(name) for name in counts_in(table)))
        .where(table.c.at >= since, table.c.at < until, *(table.c[name] == value for name, value in where.items()))
        .group_by(*columns)
        .order_by(calls.desc(), *columns)
        .limit(most)
    )
    found = []
    for row in transaction.connection.execute(query):
        found.append(Share({name: row._mapping[name] for name in SHARES[by]}, counts_of(table, row)))
    return found
