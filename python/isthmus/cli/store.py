"""The store of a gateway on this machine, for the verbs that work on it directly, running gateway or not.

Called by `access_key.py` and `user.py`: whoever may read the state directory has every right already.
"""

from __future__ import annotations

import getpass
import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click

from isthmus import __version__
from isthmus.cli.options import state_directory
from isthmus.processes import state
from isthmus.processes.opening import open_store
from isthmus.roles import OWNER
from isthmus.store import Transaction
from isthmus.store.audit import Actor, AuditEvent, add_event


@contextmanager
def write_store(state_dir: Path | None) -> Iterator[Transaction]:
    """Ends the program when there is no store, or it cannot be opened."""
    directory = state_directory(state_dir)
    database = os.environ.get("ISTHMUS_DATABASE", "")
    # Opening would make a store where there is none.
    if not database and not state.store_path(directory).exists():
        fail(f"there is no gateway in {directory}: give its --state, or start one (isthmus up)")
    try:
        store = open_store(directory, database)
    except (OSError, ValueError, state.StateError) as error:
        fail(str(error))
    try:
        with store.write() as transaction:
            yield transaction
    finally:
        store.close()


def record(transaction: Transaction, operation: str, subject: str, **parameters: object) -> None:
    """Leaves a change in the audit trail. `parameters` are what is no secret."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    actor = Actor(f"host:{name}", OWNER, "", "isthmus", f"isthmus/{__version__}", str(uuid.uuid4()).upper())
    add_event(transaction, AuditEvent(actor, operation, parameters=parameters, subjects=[subject]))


def fail(text: str) -> NoReturn:
    click.echo(f"isthmus: {text}", err=True)
    sys.exit(1)
