"""What a database means when it says no, the same words for SQLite and PostgreSQL.

Called by whoever turns a failed transaction into an answer. SQLite's driver has a class for each kind; PostgreSQL's puts
a five-character code into its errors (SQLSTATE, whose first two characters are the class).
"""

from __future__ import annotations

from enum import Enum

import pg8000.exceptions  # type: ignore[import-untyped]
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError


class Failure(Enum):
    # Busy, full or away: the same call may succeed later.
    UNAVAILABLE = "unavailable"
    # Another writer was there between the check and the commit.
    CONFLICT = "conflict"
    # A value that the database cannot hold.
    VALUE = "value"


# What comes as the driver or the operating system gave it when the database goes away: SQLAlchemy wraps errors of
# statements, but not those of opening a connection and of clearing up one that is gone.
LOST = (ConnectionError, pg8000.exceptions.InterfaceError)

_CLASSES = {
    "08": Failure.UNAVAILABLE,
    "53": Failure.UNAVAILABLE,
    "55": Failure.UNAVAILABLE,
    "57": Failure.UNAVAILABLE,
    "58": Failure.UNAVAILABLE,
    "25": Failure.UNAVAILABLE,
    "22": Failure.VALUE,
    "54": Failure.VALUE,
    "23": Failure.CONFLICT,
    "40": Failure.CONFLICT,
}


def failure_of(error: DBAPIError) -> Failure | None:
    """None for what is a defect of ours."""
    details = error.orig.args[0] if error.orig is not None and error.orig.args else None
    if isinstance(details, dict) and isinstance(details.get("C"), str):
        return _CLASSES.get(details["C"][:2])
    if isinstance(error, IntegrityError):
        return Failure.CONFLICT
    if isinstance(error, DataError):
        return Failure.VALUE
    return Failure.UNAVAILABLE if isinstance(error, OperationalError | InterfaceError) else None
