"""Opening the store of a state directory, and saying what is wrong with it.

Called by the control plane and `isthmus access-key`; calls `keyring.py`. Invariant: a store that is returned is of this
version and opens with its key.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.exc import DBAPIError

from isthmus.processes import state
from isthmus.processes.keyring import open_keyring
from isthmus.processes.state import StateError
from isthmus.sealing import SealError
from isthmus.store import Store
from isthmus.store.access_keys import all_access_keys, find_access_key
from isthmus.store.migrate import MigrationError
from isthmus.store.postgresql import shown


def open_store(directory: Path, database: str = "") -> Store:
    """`database` is the setting. Raises: StateError, ValueError, OSError."""
    keyring = open_keyring(directory)
    path = shown(database) if database else state.store_path(directory)
    try:
        if database:
            store = Store.open_postgresql(database, keyring)
        else:
            store = Store.open_sqlite(state.store_path(directory), keyring)
        with store.read() as transaction:
            for key in all_access_keys(transaction)[:1]:
                find_access_key(transaction, key.access_key_id)
    except MigrationError as error:
        raise StateError(f"{path}: {error}") from error
    except DBAPIError as error:
        if database:
            raise StateError(f"{path} cannot be used: {error.orig}") from error
        raise StateError(f"{path} cannot be used: {error.orig}; restore it from a backup") from error
    except SealError as error:
        key_path = state.key_path(directory)
        raise StateError(f"{key_path} is not the key that sealed {path}: restore the one that belongs to it") from error
    return store
