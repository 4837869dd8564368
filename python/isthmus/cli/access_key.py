"""`isthmus access-key`: who may call the management API. It works on the state directory, running gateway or not.

The vendor has no operation for this in its API, and whoever may read the state directory has every right already.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click

from isthmus.cli.options import state_directory, state_option
from isthmus.processes import state
from isthmus.processes.opening import open_store
from isthmus.store import Transaction
from isthmus.store.access_keys import all_access_keys, create_access_key, set_access_key_active

_LONGEST_DESCRIPTION = 180


@click.group("access-key")
def access_key() -> None:
    """Make, list, disable and enable access keys of the management API."""


@access_key.command()
@click.option("--description", default="", help="What the key is for.")
@state_option
def create(description: str, state_dir: Path | None) -> None:
    """Make a key and print it; the secret is not shown again."""
    if len(description) > _LONGEST_DESCRIPTION or not description.isprintable():
        raise click.UsageError(f"A description has at most {_LONGEST_DESCRIPTION} printable characters.")
    with _write(state_dir) as transaction:
        access_key_id, secret = create_access_key(transaction, description)
    click.echo(json.dumps({"AccessKeyId": access_key_id, "AccessKeySecret": secret}, indent=2))


@access_key.command("list")
@state_option
def show(state_dir: Path | None) -> None:
    """Show the keys, without their secrets."""
    with _write(state_dir) as transaction:
        keys = all_access_keys(transaction)
    for key in keys:
        created = datetime.fromtimestamp(key.created_at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        click.echo(f"{key.access_key_id}  {'active  ' if key.active else 'disabled'}  {created}  {key.description}")


@access_key.command()
@click.argument("access_key_id")
@state_option
def disable(access_key_id: str, state_dir: Path | None) -> None:
    """Refuse every call with a key from now on. With the administrator's key, the next start makes another."""
    _set_active(access_key_id, state_dir, False)


@access_key.command()
@click.argument("access_key_id")
@state_option
def enable(access_key_id: str, state_dir: Path | None) -> None:
    """Let a disabled key call again."""
    _set_active(access_key_id, state_dir, True)


def _set_active(access_key_id: str, state_dir: Path | None, is_active: bool) -> None:
    with _write(state_dir) as transaction:
        found = set_access_key_active(transaction, access_key_id, is_active)
    if not found:
        _fail(f"there is no access key {access_key_id}: isthmus access-key list")
    click.echo(f"{access_key_id} {'may call again' if is_active else 'may no longer call'}.")


@contextmanager
def _write(state_dir: Path | None) -> Iterator[Transaction]:
    """Ends the program when there is no store, or it cannot be opened."""
    directory = state_directory(state_dir)
    # Opening would make a store where there is none.
    if not state.store_path(directory).exists():
        _fail(f"there is no gateway in {directory}: give its --state, or start one (isthmus up)")
    try:
        store = open_store(directory)
    except (OSError, ValueError, state.StateError) as error:
        _fail(str(error))
    try:
        with store.write() as transaction:
            yield transaction
    finally:
        store.close()


def _fail(text: str) -> NoReturn:
    click.echo(f"isthmus: {text}", err=True)
    sys.exit(1)
