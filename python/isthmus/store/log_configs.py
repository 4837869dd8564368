"""Rows of `log_configs`: where the vendor's product would ship its access log.

Called by `operations/log_configs.py`. Nothing here reads them to ship anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from isthmus.store.database import Transaction
from isthmus.store.schema import log_configs


@dataclass(frozen=True)
class LogConfig:
    log_type: str
    project: str
    log_store: str


def list_log_configs(transaction: Transaction, log_type: str | None = None) -> list[LogConfig]:
    query = select(log_configs).order_by(log_configs.c.log_type)
    if log_type is not None:
        query = query.where(log_configs.c.log_type == log_type)
    rows = transaction.connection.execute(query)
    return [LogConfig(row.log_type, row.project, row.log_store) for row in rows]


def add_log_config(transaction: Transaction, config: LogConfig) -> None:
    """The caller has checked that there is none of its type."""
    transaction.connection.execute(insert(log_configs).values({**vars(config), "modified_at": transaction.now}))


def update_log_config(transaction: Transaction, config: LogConfig) -> None:
    values = {"project": config.project, "log_store": config.log_store, "modified_at": transaction.now}
    changed = update(log_configs).where(log_configs.c.log_type == config.log_type)
    transaction.connection.execute(changed.values(values))


def remove_log_config(transaction: Transaction, log_type: str) -> None:
    transaction.connection.execute(delete(log_configs).where(log_configs.c.log_type == log_type))
