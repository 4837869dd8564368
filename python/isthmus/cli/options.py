"""Settings as options of the serving verbs and the settings that result; the state directory for the other verbs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from isthmus.settings import Settings, SettingsError, setting_fields

Command = Callable[..., Any]


def settings_options(command: Command) -> Command:
    """Adds an option for every setting, and `--config`."""
    for row in reversed(Settings.reference()):
        text = f"{row.help} [{row.variable}, default {row.default or 'none'}]"
        command = click.option(row.flag, row.name, default=None, metavar="VALUE", help=text)(command)
    file = click.Path(path_type=Path, dir_okay=False)
    return click.option("--config", type=file, default=None, help="TOML file with settings.")(command)


_STATE_HELP = "State directory of a gateway on this machine."
state_option = click.option("--state", "state_dir", type=click.Path(path_type=Path), default=None, help=_STATE_HELP)


def state_directory(given: Path | None) -> Path:
    """Where the verbs that call a gateway look for it; no other setting of a server concerns them."""
    concerned = {name: os.environ[name] for name in ("ISTHMUS_STATE", "XDG_DATA_HOME") if os.environ.get(name)}
    try:
        return Settings.load({"state": given}, concerned).state
    except SettingsError as error:
        raise click.UsageError(str(error)) from error


def read_settings(options: dict[str, Any], defaults: dict[str, Any] | None = None) -> Settings:
    """`defaults` are a verb's own, weaker than whatever the user gave. Ends the program when a value is wrong."""
    config = options.pop("config", None)
    flags = {one.name: options.get(one.name) for one in setting_fields()}
    try:
        settings = Settings.load(flags, os.environ, config)
        weaker = {name: value for name, value in (defaults or {}).items() if name not in settings.given}
        if weaker:
            given = {name: value for name, value in flags.items() if value is not None}
            settings = Settings.load({**weaker, **given}, os.environ, config)
    except SettingsError as error:
        for problem in error.problems:
            click.echo(f"isthmus: {problem}", err=True)
        sys.exit(2)
    for warning in settings.warnings:
        click.echo(f"isthmus: {warning}", err=True)
    return settings


def given_arguments(options: dict[str, Any], config: Path | None, skip: tuple[str, ...]) -> list[str]:
    """The options a user gave, as arguments for another process."""
    arguments = ["--config", str(config)] if config else []
    for row in Settings.reference():
        value = options.get(row.name)
        if value is not None and row.name not in skip:
            arguments += [row.flag, str(value)]
    return arguments
