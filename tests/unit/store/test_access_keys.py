"""The administrator's key is made once, found again, and sealed."""

from __future__ import annotations

from pathlib import Path

from isthmus.sealing import Keyring
from isthmus.store import Store
from isthmus.store.access_keys import StoredAccessKey, ensure_administrator, find_access_key


def test_administrator_key_is_made_once_and_is_sealed(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    store = Store.open_sqlite(file, Keyring(bytes(32)))
    with store.write() as transaction:
        key, secret = ensure_administrator(transaction)
    with store.write() as transaction:
        assert ensure_administrator(transaction) == (key, secret)
        found = find_access_key(transaction, key)
        assert found == StoredAccessKey(key, secret, True, "owner")
        assert secret not in repr(found)
        assert find_access_key(transaction, "other") is None
    assert (len(key), len(secret), key[:4]) == (24, 40, "ISTH")
    store.close()
    assert secret.encode() not in b"".join(one.read_bytes() for one in tmp_path.iterdir())
