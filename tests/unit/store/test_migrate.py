"""Migrations: a fresh database gets the shape of the schema, and an unknown one is left alone."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from isthmus.sealing import Keyring
from isthmus.store import Store
from isthmus.store.migrate import MigrationError, migrate, newest_revision
from isthmus.store.records import head
from isthmus.store.schema import metadata
from sqlalchemy import create_engine, inspect, text

KEYRING = Keyring(bytes(32))


def test_migrated_database_equals_the_schema(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'store.db'}")
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == newest_revision()
        constraints = {
            table: sorted(str(one["name"]) for one in inspect(connection).get_unique_constraints(table))
            for table in ("groups", "vpc_accesses")
        }
    assert constraints == {
        "groups": ["uq_groups_name"],
        "vpc_accesses": ["uq_vpc_accesses_name", "uq_vpc_accesses_network_id_instance_id_port"],
    }


def test_new_store_has_an_identity_and_no_plan(tmp_path: Path) -> None:
    store = Store.open_sqlite(tmp_path / "one.db", KEYRING)
    other = Store.open_sqlite(tmp_path / "two.db", KEYRING)
    with store.read() as transaction, other.read() as elsewhere:
        found = head(transaction.connection)
        assert (len(found.store_id), found.revision, found.floor) == (32, 0, 0)
        assert head(elsewhere.connection).store_id != found.store_id


def test_opening_again_keeps_what_is_there(tmp_path: Path) -> None:
    store = Store.open_sqlite(tmp_path / "store.db", KEYRING)
    with store.write() as transaction:
        transaction.records.put("group", "g", {"a": 1})
    assert transaction.revision == 1
    store.close()
    again = Store.open_sqlite(tmp_path / "store.db", KEYRING)
    assert again.revision() == 1


def test_store_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    Store.open_sqlite(tmp_path / "store.db", KEYRING)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}


def test_refuses_database_of_a_newer_version_and_leaves_it(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'store.db'}")
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(MigrationError, match="is at revision 9999"):
        migrate(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
