"""`isthmus status`: does the gateway serve, and what.

Asks the control plane, and the health address of the engine that runs beside it: an engine serves without a control
plane, and that must be seen.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click
import httpx

from isthmus.cli.options import state_directory, state_option
from isthmus.client import ClientError, call, find_endpoint
from isthmus.processes import state

_VERSION = "2026-11-01"
_HEALTH_SECONDS = 5


@click.command()
@state_option
def status(state_dir: Path | None) -> None:
    """Show the control plane, its engines, and what they refuse; exit code 1 when something is wrong."""
    directory = state_directory(state_dir)
    # All are shown, whatever the first says.
    sys.exit(0 if all([_control_plane(directory), _own_engine(directory)]) else 1)


def _control_plane(directory: Path) -> bool:
    try:
        endpoint = find_endpoint(os.environ, directory)
        system = call(endpoint, "DescribeSystem", _VERSION, {})
        engines = call(endpoint, "DescribeEngines", _VERSION, {})["Engines"]["Engine"]
    except ClientError as error:
        click.echo(f"isthmus: {error.code + ': ' if error.code else ''}{error}", err=True)
        return False
    click.echo(f"control plane  {endpoint.url}  version {system['Version']}  revision {system['StoreRevision']}")
    if not engines:
        click.echo("engine         none has reported")
    healthy = [_show_engine(engine) for engine in engines]
    return bool(healthy) and all(healthy)


def _show_engine(engine: dict[str, Any]) -> bool:
    lag = engine.get("Lag", 0)
    click.echo(f"engine         {engine['Node']}  {engine['State']}  revision {engine['Revision']}  lag {lag}")
    refused = engine.get("Refused", [])
    for refusal in refused:
        click.echo(f"  refuses {refusal['Kind']} {refusal['Key']}: {refusal['Reason']}")
    return not refused and engine["State"] == "serving"


def _own_engine(directory: Path) -> bool:
    """The engine of an `isthmus up` with this state directory; True when there is none to ask."""
    running = state.read_json(state.ready_path(directory, "up")) or {}
    address = running.get("health")
    if not address or os.environ.get("ISTHMUS_ENDPOINT"):
        return True
    try:
        answer = httpx.get(f"http://{address}/readyz", timeout=_HEALTH_SECONDS, trust_env=False)
        revision = answer.json()["revision"]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
        click.echo(f"isthmus: the engine's health address {address} does not answer: {error}", err=True)
        return False
    serves = "serves" if answer.status_code == 200 else "has no plan yet"
    click.echo(f"this machine   {running['http']}  {serves}  revision {revision}  health {address}")
    return answer.status_code == 200
