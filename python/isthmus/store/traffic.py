"""What engines counted, kept for 30 days: by the minute for two days, then by the hour.

Written by the plane when an engine reports, read by the monitoring operations. An engine's newest word about a minute
replaces its earlier one. Invariant: a sum over a time is the same before and after its minutes became hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import Table, delete, func, insert, literal, literal_column, select
from sqlalchemy.engine import Row

from isthmus.store.database import Transaction
from isthmus.store.traffic_tables import COUNTS, DURATION_LIMITS_US, DURATIONS, api_traffic, app_traffic, counts_in

MINUTE = 60_000
HOUR = 60 * MINUTE
_DAY = 24 * HOUR
_MINUTES_KEPT = 2 * _DAY
_HOURS_KEPT = 30 * _DAY


@dataclass(frozen=True)
class Counts:
    """Answers by class of their status, bytes of bodies, and microseconds."""

    answers_1xx: int = 0
    answers_2xx: int = 0
    answers_3xx: int = 0
    answers_4xx: int = 0
    answers_5xx: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    total_us: int = 0
    backend_calls: int = 0
    backend_us: int = 0
    # By how long they took; none for what an app did.
    took_0: int = 0
    took_1: int = 0
    took_2: int = 0
    took_3: int = 0
    took_4: int = 0
    took_5: int = 0
    took_6: int = 0
    took_7: int = 0
    took_8: int = 0
    took_9: int = 0
    took_10: int = 0
    took_11: int = 0

    MEASURES: ClassVar[Sequence[str]] = COUNTS[5:]

    @property
    def successes(self) -> int:
        return self.answers_1xx + self.answers_2xx + self.answers_3xx

    @property
    def failures(self) -> int:
        return self.answers_4xx + self.answers_5xx

    @property
    def calls(self) -> int:
        return self.successes + self.failures

    def plus(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, name) + getattr(other, name) for name in COUNTS + DURATIONS))

    def quantile_us(self, share: float) -> int | None:
        """So many requests were as fast, as far as the steps tell: within one, evenly spread. None without requests."""
        counts: list[int] = [getattr(self, name) for name in DURATIONS]
        wanted, below, low = share * sum(counts), 0, 0
        for count, limit in zip(counts, DURATION_LIMITS_US, strict=False):
            if count and below + count >= wanted:
                return round(low + (limit - low) * (wanted - below) / count)
            below, low = below + count, limit
        return low if below + counts[-1] else None


class ApiCounts(NamedTuple):
    """Of one API in one stage."""

    group_id: str
    instance_id: str
    api_id: str
    stage: str
    counts: Counts


class AppCounts(NamedTuple):
    """Of one app."""

    app_id: int
    counts: Counts


@dataclass(frozen=True)
class Minute:
    """What one engine counted in the minute that began at `at` (Unix milliseconds)."""

    node: str
    at: int
    apis: list[ApiCounts]
    apps: list[AppCounts]


class Point(NamedTuple):
    """The sum of one step, which began at `at` and lasted `step` milliseconds."""

    at: int
    step: int
    counts: Counts


def keep_minute(transaction: Transaction, minute: Minute) -> None:
    """Puts an engine's word about a minute in place of its earlier one."""
    place = {"step": MINUTE, "at": minute.at, "node": minute.node}
    apis = [
        {
            **place,
            "group_id": row.group_id,
            "instance_id": row.instance_id,
            "api_id": row.api_id,
            "stage": row.stage,
            **_row(api_traffic, row.counts),
        }
        for row in {(row.api_id, row.stage): row for row in minute.apis}.values()
    ]
    apps = [
        {**place, "app_id": row.app_id, **_row(app_traffic, row.counts)}
        for row in {row.app_id: row for row in minute.apps}.values()
    ]
    for table, rows in ((api_traffic, apis), (app_traffic, apps)):
        here = (table.c.step == MINUTE) & (table.c.at == minute.at) & (table.c.node == minute.node)
        transaction.connection.execute(delete(table).where(here))
        if rows:
            transaction.connection.execute(insert(table), rows)


def fold(transaction: Transaction) -> None:
    """Makes hours of minutes that are old enough, and drops what is older than anybody looks."""
    before = (transaction.now - _MINUTES_KEPT) // HOUR * HOUR
    for table, keys in ((api_traffic, ("api_id", "stage", "group_id", "instance_id")), (app_traffic, ("app_id",))):
        old = (table.c.step == MINUTE) & (table.c.at < before)
        hour = table.c.at - table.c.at % literal_column(str(HOUR))
        groups = [table.c.node, *(table.c[key] for key in keys)]
        names = counts_in(table)
        sums = [func.sum(table.c[name]) for name in names]
        hours = select(literal(HOUR), hour, *groups, *sums).where(old).group_by(hour, *groups)
        into = ["step", "at", "node", *keys, *names]
        transaction.connection.execute(insert(table).from_select(into, hours))
        gone = old | (table.c.at < transaction.now - _HOURS_KEPT)
        transaction.connection.execute(delete(table).where(gone))


def api_points(transaction: Transaction, since: int, until: int, **where: str) -> list[Point]:
    """Sums over all engines of what these columns select, oldest first; `until` is not included."""
    return _points(transaction, api_traffic, since, until, where)


def app_points(transaction: Transaction, since: int, until: int, app_id: int) -> list[Point]:
    return _points(transaction, app_traffic, since, until, {"app_id": app_id})


def _points(transaction: Transaction, table: Table, since: int, until: int, where: dict[str, Any]) -> list[Point]:
    conditions = [table.c[name] == value for name, value in where.items()]
    query = (
        select(table.c.at, table.c.step, *(func.sum(table.c[name]).label(name) for name in counts_in(table)))
        .where(table.c.at >= since, table.c.at < until, *conditions)
        .group_by(table.c.at, table.c.step)
        .order_by(table.c.at)
    )
    return [Point(row.at, row.step, counts_of(table, row)) for row in transaction.connection.execute(query)]


def counts_of(table: Table, row: Row[Any]) -> Counts:
    return Counts(**{name: int(row._mapping[name]) for name in counts_in(table)})


def _row(table: Table, counts: Counts) -> dict[str, int]:
    return {name: getattr(counts, name) for name in counts_in(table)}
