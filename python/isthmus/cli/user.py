"""`isthmus user`: who may sign in to the console. It works on the state directory, running gateway or not."""

from __future__ import annotations

from pathlib import Path

import click

from isthmus.cli.options import state_directory, state_option
from isthmus.cli.store import fail, record, write_store
from isthmus.operations.users import password_problems, user_problems
from isthmus.processes import state
from isthmus.roles import OWNER, ROLES
from isthmus.store.selection import Page
from isthmus.store.users import (
    add_user,
    change_user,
    count_owners,
    find_user_by_name,
    list_users,
    make_setup_link,
)

_MOST_SHOWN = 1000


@click.group()
def user() -> None:
    """Make, list, disable and enable users of the console; make a set-up link."""


@user.command()
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default=OWNER, show_default=True, help="What the user may do.")
@click.password_option(help="Asked for when it is not given.")
@state_option
def create(name: str, role: str, password: str, state_dir: Path | None) -> None:
    """Make a user."""
    problems = user_problems(name) + password_problems(password)
    if problems:
        fail(" ".join(f"{problem.parameter} {problem.text}" for problem in problems))
    with write_store(state_dir) as transaction:
        taken = find_user_by_name(transaction, name) is not None
        if not taken:
            add_user(transaction, name, role, password)
            record(transaction, "CreateUser", name, user_name=name, role=role)
    if taken:
        fail(f"there is already a user {name}")
    click.echo(f"{name} may sign in as {role}.")


@user.command("list")
@state_option
def show(state_dir: Path | None) -> None:
    """Show the users with their roles."""
    with write_store(state_dir) as transaction:
        found = list_users(transaction, None, Page(1, _MOST_SHOWN))
    for one in found.users:
        click.echo(f"{one.name}  {one.role}  {'disabled' if one.disabled else 'active'}")


@user.command()
@click.argument("name")
@state_option
def disable(name: str, state_dir: Path | None) -> None:
    """Sign a user out everywhere, and let nobody sign in with the name."""
    _set_disabled(name, state_dir, True)


@user.command()
@click.argument("name")
@state_option
def enable(name: str, state_dir: Path | None) -> None:
    """Let a disabled user sign in again."""
    _set_disabled(name, state_dir, False)


@user.command("setup-link")
@state_option
def setup_link(state_dir: Path | None) -> None:
    """Print a link that makes one owner within a day, for a first user or when nobody can sign in."""
    with write_store(state_dir) as transaction:
        token = make_setup_link(transaction)
        record(transaction, "CreateSetupLink", OWNER)
    running = state.read_json(state.ready_path(state_directory(state_dir), "up")) or {}
    console = str(running.get("console") or "http://127.0.0.1:7080/console/")
    click.echo(f"{console.rstrip('/')}/welcome#{token}")


def _set_disabled(name: str, state_dir: Path | None, is_disabled: bool) -> None:
    with write_store(state_dir) as transaction:
        found = find_user_by_name(transaction, name)
        last = found is not None and is_disabled and found.role == OWNER and count_owners(transaction) == 1
        if found is not None and not last:
            change_user(transaction, found, None, is_disabled, None)
            record(transaction, "ModifyUser", name, user_name=name, disabled=is_disabled)
    if found is None:
        fail(f"there is no user {name}: isthmus user list")
    if last:
        fail(f"{name} is the last owner who can sign in; make another first")
    click.echo(f"{name} {'may no longer sign in' if is_disabled else 'may sign in again'}.")
