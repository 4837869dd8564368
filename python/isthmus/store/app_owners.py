"""Rows of `app_owners`: the account that made an app, which limits for accounts count by.

Called by `operations/apps.py` and `credentials.py`. An app of before there were owners has none.
"""

from __future__ import annotations

from sqlalchemy import insert, select

from isthmus.store.database import Transaction
from isthmus.store.target_tables import app_owners


def put_owner(transaction: Transaction, app_id: int, owner: str) -> None:
    transaction.connection.execute(insert(app_owners).values(app_id=app_id, owner=owner))


def owner_of(transaction: Transaction, app_id: int) -> str | None:
    query = select(app_owners.c.owner).where(app_owners.c.app_id == app_id)
    owner: str | None = transaction.connection.execute(query).scalar()
    return owner
