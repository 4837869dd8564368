"""PostgreSQL as the database: from an address to engines, and the lock that makes writers take turns.

Called by `database.py`. Reads get one snapshot (repeatable read); writes wait for one advisory lock, so that what an
operation checks is still so when it commits, whichever control plane it runs in. Invariant: an address is never shown
with its password.
"""

from __future__ import annotations

import re
import ssl
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

# Any fixed number, other than that of the migrations.
_WRITER_LOCK = 4_915_770_102
_FORM = "postgresql://user:password@host:5432/database"
_SSL_MODES = ("disable", "require", "verify-full")


def read_address(address: str) -> URL:
    """Raises: ValueError, whose text has no password."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise ValueError(f"it is not of the form {_FORM}") from None
    if url.drivername not in ("postgresql", "postgres") or not url.database or not url.host:
        raise ValueError(f"it is not of the form {_FORM}")
    unknown = sorted(set(url.query) - {"sslmode", "sslrootcert"})
    if unknown:
        raise ValueError(f"it has {', '.join(unknown)}; only sslmode and sslrootcert may follow the question mark")
    if url.query.get("sslmode", "disable") not in _SSL_MODES:
        raise ValueError(f"its sslmode is none of {', '.join(_SSL_MODES)}")
    return url


def shown(address: str) -> str:
    """For logs and errors."""
    return re.sub(r"//[^/@]*@", "//***@", address)


def open_engine(address: str) -> Engine:
    url = read_address(address)
    arguments: dict[str, Any] = {"timeout": 15, "application_name": "isthmus"}
    context = _ssl_context(str(url.query.get("sslmode", "disable")), url.query.get("sslrootcert"))
    if context is not None:
        arguments["ssl_context"] = context
    # A connection that the server has ended since is replaced before it is used.
    return create_engine(
        url.set(drivername="postgresql+pg8000", query={}),
        connect_args=arguments,
        pool_size=20,
        max_overflow=20,
        pool_timeout=15,
        pool_pre_ping=True,
    )


def snapshots(engine: Engine) -> Engine:
    """The same connections, for reads that see one moment."""
    return engine.execution_options(isolation_level="REPEATABLE READ")


def wait_for_turn(connection: Connection) -> None:
    """Until no other writer is at work, for a bounded time."""
    connection.execute(text("SET LOCAL lock_timeout = '15s'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _WRITER_LOCK})


def _ssl_context(mode: str, roots: Any) -> ssl.SSLContext | None:
    if mode == "disable":
        return None
    context = ssl.create_default_context(cafile=str(roots) if roots else None)
    if mode == "require":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
