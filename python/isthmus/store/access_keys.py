"""Access keys of the management API: who may call it, and with which secret.

`operations/dispatch.py` looks keys up for the wire, starting a control plane makes the administrator's, and the command
`isthmus access-key` makes, lists and disables others. Invariant: secrets are sealed in the database.
"""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass

from sqlalchemy import insert, select, update

from isthmus.roles import OWNER
from isthmus.store.database import Transaction
from isthmus.store.schema import access_keys

_PURPOSE = "access_key"
_ADMINISTRATOR = "administrator"
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True)
class StoredAccessKey:
    access_key_id: str
    secret: str
    active: bool
    role: str

    def __repr__(self) -> str:
        return f"StoredAccessKey({self.access_key_id}, ***)"


def find_access_key(transaction: Transaction, access_key_id: str) -> StoredAccessKey | None:
    found = select(access_keys).where(access_keys.c.access_key_id == access_key_id)
    row = transaction.connection.execute(found).first()
    if row is None:
        return None
    secret = transaction.keyring.open(_PURPOSE, row.sealed_secret)
    return StoredAccessKey(row.access_key_id, secret, row.active, row.role)


def ensure_administrator(transaction: Transaction) -> tuple[str, str]:
    """Id and secret of the administrator's key, which is made when there is none. Needs a write transaction."""
    found = (
        select(access_keys)
        .where(access_keys.c.description == _ADMINISTRATOR, access_keys.c.active)
        .order_by(access_keys.c.created_at, access_keys.c.access_key_id)
    )
    row = transaction.connection.execute(found).first()
    if row is not None:
        return row.access_key_id, transaction.keyring.open(_PURPOSE, row.sealed_secret)
    return create_access_key(transaction, _ADMINISTRATOR)


def create_access_key(transaction: Transaction, description: str, role: str = OWNER) -> tuple[str, str]:
    """Id and secret. Needs a write transaction."""
    access_key_id = "ISTH" + "".join(secrets.choice(_ALPHABET) for _ in range(20))
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(40))
    row_values = {
        "access_key_id": access_key_id,
        "sealed_secret": transaction.keyring.seal(_PURPOSE, secret),
        "description": description,
        "active": True,
        "role": role,
        "created_at": transaction.now,
    }
    transaction.connection.execute(insert(access_keys).values(row_values))
    return access_key_id, secret


@dataclass(frozen=True)
class ListedAccessKey:
    """Without its secret."""

    access_key_id: str
    description: str
    active: bool
    created_at: int
    role: str


def all_access_keys(transaction: Transaction) -> list[ListedAccessKey]:
    """The oldest first."""
    found = select(access_keys).order_by(access_keys.c.created_at, access_keys.c.access_key_id)
    return [
        ListedAccessKey(row.access_key_id, row.description, row.active, row.created_at, row.role)
        for row in transaction.connection.execute(found)
    ]


def set_access_key_active(transaction: Transaction, access_key_id: str, is_active: bool) -> bool:
    """False when there is no such key. Needs a write transaction."""
    change = update(access_keys).where(access_keys.c.access_key_id == access_key_id).values(active=is_active)
    return transaction.connection.execute(change).rowcount > 0
