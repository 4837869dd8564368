"""`isthmus up`, `control` and `engine`: the verbs that serve."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from isthmus.cli.options import given_arguments, read_settings, settings_options
from isthmus.processes import state
from isthmus.settings import Settings

_READY = click.Path(path_type=Path, dir_okay=False)


@click.command()
@settings_options
@click.option("--ready-file", type=_READY, help="Written (JSON: URLs, access key, pids) once everything serves.")
@click.option("--show-secret", is_flag=True, help="Print the administrator's secret, too.")
def up(ready_file: Path | None, show_secret: bool, **options: Any) -> None:
    """Run a whole gateway on this machine: control plane, engine and, with --hub, a hub for remote connectors.

    Backends on loopback are allowed here unless --loopback-backends says false, and the health address is any free
    port on loopback unless --health says otherwise.
    """
    from isthmus.processes.supervisor import Supervisor

    config = options.get("config")
    defaults = {"loopback_backends": "true", "health": "127.0.0.1:0"}
    settings = read_settings(options, defaults)
    common = given_arguments(
        options,
        config,
        ("admin", "admin_https", "hub", "http", "https", "health", "control_url", "state", "loopback_backends"),
    )
    common += ["--state", str(settings.state), "--loopback-backends", str(settings.loopback_backends).lower()]

    def run() -> int:
        state.prepare(settings.state)
        state.lock(settings.state)
        return Supervisor(settings, common, ready_file).run(show_secret)

    sys.exit(without_traceback(run))


@click.command()
@settings_options
@click.option("--ready-file", type=_READY, help="Written once it serves.")
@click.option("--hub-elsewhere", is_flag=True, hidden=True, help="Whoever started this runs the hub, too.")
def control(ready_file: Path | None, hub_elsewhere: bool, **options: Any) -> None:
    """Run the control plane: management API, store, publishing; with --hub, a hub for remote connectors beside it."""
    from isthmus.control import run_control
    from isthmus.processes.hub_process import beside_hub

    settings = read_settings(options)

    def run() -> None:
        if hub_elsewhere:
            run_control(settings, ready_file)
            return
        state.prepare(settings.state)
        with beside_hub(settings):
            run_control(settings, ready_file)

    sys.exit(without_traceback(run))


@click.command()
@settings_options
@click.option("--ready-file", type=_READY, help="Written once it serves.")
def engine(ready_file: Path | None, **options: Any) -> None:
    """Run an engine: it serves calls, from its own copy of the plan when there is no control plane."""
    from isthmus.processes.engine_host import run_engine

    settings: Settings = read_settings(options)
    sys.exit(without_traceback(lambda: run_engine(settings, ready_file)))


def without_traceback(run: Callable[[], int | None]) -> int:
    """A failed start is one clear line and exit code 1."""
    try:
        return run() or 0
    except (OSError, ValueError, state.StateError) as error:
        click.echo(f"isthmus: {error}", err=True)
        return 1
