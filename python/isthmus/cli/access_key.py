"""`isthmus access-key`: who may call the management API. It works on the state directory, running gateway or not.

The vendor has no operation for this in its API, and whoever may read the state directory has every right already.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from isthmus.cli.options import state_option
from isthmus.cli.store import fail, record, write_store
from isthmus.roles import OWNER, ROLES
from isthmus.store.access_keys import all_access_keys, create_access_key, set_access_key_active

_LONGEST_DESCRIPTION = 180


@click.group("access-key")
def access_key() -> None:
    """Make, list, disable and enable access keys of the management API."""


@access_key.command()
@click.option("--description", default="", help="What the key is for.")
@click.option("--role", type=click.Choice(ROLES), default=OWNER, show_default=True, help="What the key may do.")
@state_option
def create(description: str, role: str, state_dir: Path | None) -> None:
    """Make a key and print it; the secret is not shown again."""
    if len(description) > _LONGEST_DESCRIPTION or not description.isprintable():
        raise click.UsageError(f"A description has at most {_LONGEST_DESCRIPTION} printable characters.")
    with write_store(state_dir) as transaction:
        access_key_id, secret = create_access_key(transaction, description, role)
        record(transaction, "CreateAccessKey", access_key_id, description=description, role=role)
    click.echo(json.dumps({"AccessKeyId": access_key_id, "AccessKeySecret": secret}, indent=2))


@access_key.command("list")
@state_option
def show(state_dir: Path | None) -> None:
    """Show the keys, without their secrets."""
    with write_store(state_dir) as transaction:
        keys = all_access_keys(transaction)
    for key in keys:
        created = datetime.fromtimestamp(key.created_at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        click.echo(
            f"{key.access_key_id}  {'active  ' if key.active else 'disabled'}  {created}  {key.role:9}  {key.description}"
        )


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
    with write_store(state_dir) as transaction:
        found = set_access_key_active(transaction, access_key_id, is_active)
        if found:
            record(transaction, "ModifyAccessKey", access_key_id, access_key_id=access_key_id, active=is_active)
    if not found:
        fail(f"there is no access key {access_key_id}: isthmus access-key list")
    click.echo(f"{access_key_id} {'may call again' if is_active else 'may no longer call'}.")
