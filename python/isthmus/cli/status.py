"""`isthmus status`: does the gateway serve, and what."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from isthmus.client import ClientError, call, find_endpoint
from isthmus.settings import Settings

_VERSION = "2026-11-01"


@click.command()
@click.option(
    "--state", "state_dir", type=click.Path(path_type=Path), default=None, help="State directory of the gateway."
)
def status(state_dir: Path | None) -> None:
    """Show the control plane, its engines, and what they refuse; exit code 1 when something is wrong."""
    directory = state_dir or Settings.load({}, os.environ).state
    try:
        endpoint = find_endpoint(os.environ, directory)
        system = call(endpoint, "DescribeSystem", _VERSION, {})
        engines = call(endpoint, "DescribeEngines", _VERSION, {})["Engines"]["Engine"]
    except ClientError as error:
        click.echo(f"isthmus: {error}", err=True)
        sys.exit(1)
    click.echo(f"control plane  {endpoint.url}  version {system['Version']}  revision {system['StoreRevision']}")
    healthy = bool(engines)
    for engine in engines:
        click.echo(
            f"engine         {engine['Node']}  {engine['State']}  revision {engine['Revision']}  lag {engine.get('Lag', 0)}"
        )
        for refused in engine.get("Refused", []):
            healthy = False
            click.echo(f"  refuses {refused['Kind']} {refused['Key']}: {refused['Reason']}")
        healthy = healthy and engine["State"] == "serving"
    if not engines:
        click.echo("engine         none has reported")
    sys.exit(0 if healthy else 1)
