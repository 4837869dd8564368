"""Brings a database to the shape of `schema.py`: the revisions in `migrations/versions/`, applied in one transaction.

`Store` calls `migrate` before it uses a database; the revisions travel in the package, so an installed wheel needs no
other file. Invariant: a database is at the newest revision when `migrate` returns, or as it was before when it raises.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text

# Any fixed number: control planes that start at the same time on one PostgreSQL take turns.
_ADVISORY_LOCK = 4_915_770_101


class MigrationError(Exception):
    """The database cannot be brought to the shape that this version needs; it was left as it was."""


def migrate(engine: Engine) -> None:
    """Raises: MigrationError when a newer version of Isthmus has changed the database."""
    with engine.connect() as connection:
        connection.info["begin"] = "BEGIN IMMEDIATE"
        try:
            with connection.begin():
                _upgrade(connection)
        finally:
            connection.info.pop("begin", None)


def newest_revision() -> str:
    """The revision that this version of Isthmus works with."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise MigrationError("The package has no database revisions: it is incomplete, install it again.")
    return revision


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
    found = MigrationContext.configure(connection).get_current_revision()
    if found == newest_revision():
        return
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except (CommandError, ResolutionError) as error:
        raise MigrationError(
            f"The database is at revision {found}, which this version of Isthmus does not know: a newer version has "
            "changed it. Use that version, or restore a backup that was made before."
        ) from error


def _config() -> Config:
    config = Config()
    # A percent sign in the path would be read as an interpolation.
    location = str(Path(__file__).parent / "migrations").replace("%", "%%")
    config.set_main_option("script_location", location)
    return config
