"""The store of a gateway on this machine, for the verbs that work on it directly, running gateway or not.

Called by `access_key.py` and `user.py`: whoever may read the state directory has every right already.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click

from isthmus.cli.options import state_directory
from isthmus.processes import state
from isthmus.processes.opening import open_store
from isthmus.store import Transaction


@contextmanager
def write_store(state_dir: Path | None) -> Iterator[Transaction]:
    """Ends the program when there is no store, or it cannot be opened."""
    directory = state_directory(state_dir)
    # Opening would make a store where there is none.
    if not state.store_path(directory).exists():
        fail(f"there is no gateway in {directory}: give its --state, or start one (isthmus up)")
    try:
        store = open_store(directory)
    except (OSError, ValueError, state.StateError) as error:
        fail(str(error))
    try:
        with store.write() as transaction:
            yield transaction
    finally:
        store.close()


def fail(text: str) -> NoReturn:
    click.echo(f"isthmus: {text}", err=True)
    sys.exit(1)
