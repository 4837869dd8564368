"""Numbers over all tables, for the first page of the console.

Called by `operations/overview.py`. Invariant: each is one statement that counts or takes a bounded list.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import FromClause, func, select

from isthmus.store.database import Transaction
from isthmus.store.schema import apis, apps, audit_subjects, editions, grants, groups, plugins, users, vpc_accesses

_COUNTED: dict[str, FromClause] = {
    "groups": groups,
    "apis": apis,
    "apps": apps,
    "grants": grants,
    "vpc_accesses": vpc_accesses,
    "plugins": plugins,
    "users": users,
}


@dataclass(frozen=True)
class ExpiringGrant:
    api_id: str
    api_name: str
    app_id: int
    app_name: str
    stage: str
    expires_at: int


def count_everything(transaction: Transaction) -> dict[str, int]:
    execute = transaction.connection.execute
    return {name: execute(select(func.count()).select_from(table)).scalar_one() for name, table in _COUNTED.items()}


def count_running(transaction: Transaction) -> dict[str, int]:
    """APIs that run, by stage."""
    query = select(editions.c.stage, func.count().label("number")).where(editions.c.online).group_by(editions.c.stage)
    return {row.stage: row.number for row in transaction.connection.execute(query)}


def has_event_about(transaction: Transaction, subject: str) -> bool:
    query = select(audit_subjects.c.event_id).where(audit_subjects.c.subject == subject).limit(1)
    return transaction.connection.execute(query).first() is not None


def expiring_grants(transaction: Transaction, until: int, most: int) -> list[ExpiringGrant]:
    """Grants that end before a time and have not ended yet, the first to end first."""
    query = (
        select(grants, apis.c.name.label("api_name"), apps.c.name.label("app_name"))
        .join(apis, apis.c.api_id == grants.c.api_id)
        .join(apps, apps.c.app_id == grants.c.app_id)
        .where(grants.c.expires_at > transaction.now, grants.c.expires_at <= until)
        .order_by(grants.c.expires_at, grants.c.api_id, grants.c.app_id)
        .limit(most)
    )
    return [
        ExpiringGrant(row.api_id, row.api_name, row.app_id, row.app_name, row.stage, row.expires_at)
        for row in transaction.connection.execute(query)
    ]
