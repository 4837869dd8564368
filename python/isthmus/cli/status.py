"""`isthmus status`: does the gateway serve, and what; does anything need a hand.

Asks the control plane, and the health address of the engine that runs beside it: an engine serves without a control
plane, and that must be seen. Invariant: the exit code is 1 exactly when there is a line that says what is wrong.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import httpx

from isthmus.cli.options import state_directory, state_option
from isthmus.cli.top_screen import traffic_line
from isthmus.client import ClientError, call, find_endpoint
from isthmus.processes import state

_VERSION = "2026-11-01"
_HEALTH_SECONDS = 5
_LOSSES = (
    ("RecordsLost", "records of requests could not be kept"),
    ("LogLinesLost", "lines of the access log could not be written"),
    ("Panics", "defects were contained in their request"),
)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Everything that is known, as one JSON object.")
@state_option
def status(as_json: bool, state_dir: Path | None) -> None:
    """Show the control plane, its engines, networks and traffic, and what they refuse or lost; exit code 1 when something is wrong."""
    directory = state_directory(state_dir)
    problems: list[str] = []
    seen = _control_plane(directory, problems) | _own_engine(directory, problems)
    if as_json:
        click.echo(json.dumps({**seen, "Problems": problems}, ensure_ascii=False, indent=2))
    else:
        for line in _lines(seen):
            click.echo(line)
        for problem in problems:
            click.echo(f"isthmus: {problem}", err=True)
    sys.exit(1 if problems else 0)


def _control_plane(directory: Path, problems: list[str]) -> dict[str, Any]:
    try:
        endpoint = find_endpoint(os.environ, directory)
        system = call(endpoint, "DescribeSystem", _VERSION, {})
        engines = call(endpoint, "DescribeEngines", _VERSION, {})["Engines"]["Engine"]
        networks = call(endpoint, "DescribeNetworks", _VERSION, {"PageSize": "100"})["Networks"]["Network"]
        connectors = call(endpoint, "DescribeConnectors", _VERSION, {})["Connectors"]
        traffic = call(endpoint, "DescribeTraffic", _VERSION, {})
    except ClientError as error:
        problems.append(f"{error.code + ': ' if error.code else ''}{error}")
        return {}
    problems += [problem for engine in engines for problem in _problems(engine)] or (
        [] if engines else ["no engine has reported: calls are not served"]
    )
    lost = [network for network in networks if network["State"] != "ATTACHED"]
    problems += [f"network {network['NetworkId']}: {network.get('StateReason', '')}" for network in lost]
    for answer in (system, traffic):
        answer.pop("RequestId", None)
    return {
        "ControlPlane": {"Endpoint": endpoint.url, **system},
        "Engines": engines,
        "Networks": networks,
        "Connectors": connectors,
        "Traffic": traffic,
    }


def _problems(engine: dict[str, Any]) -> Iterator[str]:
    if engine["State"] != "serving":
        yield f"engine {engine['Node']} is {engine['State']}, {engine.get('Lag', 0)} revisions behind"
    for refusal in engine.get("Refused", []):
        yield f"engine {engine['Node']} refuses {refusal['Kind']} {refusal['Key']}: {refusal['Reason']}"
    if engine.get("DiskProblem"):
        yield f"engine {engine['Node']} cannot keep its copy of the plan: {engine['DiskProblem']}"


def _own_engine(directory: Path, problems: list[str]) -> dict[str, Any]:
    """The engine of an `isthmus up` with this state directory; nothing when there is none to ask."""
    running = state.read_json(state.ready_path(directory, "up")) or {}
    address = running.get("health")
    if not address or os.environ.get("ISTHMUS_ENDPOINT"):
        return {}
    try:
        answer = httpx.get(f"http://{address}/readyz", timeout=_HEALTH_SECONDS, trust_env=False)
        revision = answer.json()["revision"]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
        problems.append(f"the engine's health address {address} does not answer: {error}")
        return {}
    if answer.status_code != 200:
        problems.append("the engine on this machine has no plan yet")
    serves = answer.status_code == 200
    return {"ThisMachine": {"Http": running["http"], "Health": address, "Serves": serves, "Revision": revision}}


def _lines(seen: dict[str, Any]) -> Iterator[str]:
    if control := seen.get("ControlPlane"):
        yield f"control plane  {control['Endpoint']}  version {control['Version']}  revision {control['StoreRevision']}"
    for engine in seen.get("Engines", []):
        told = f"{engine['Node']}  {engine['State']}  revision {engine['Revision']}  lag {engine.get('Lag', 0)}"
        yield f"engine         {told}"
        for name, text in _LOSSES:
            if engine.get(name):
                yield f"               {engine[name]} {text} since it started"
    for network in seen.get("Networks", []):
        addresses = ", ".join(network.get("EgressAddresses", [])) or "no address known"
        yield f"network        {network['NetworkId']}  {network['State'].lower()}  from {addresses}"
    for one in seen.get("Connectors", []):
        yield f"connector      {one.get('Name') or one['ConnectorId']}  {one['State']}  in network {one['NetworkId']}"
    if "Traffic" in seen:
        yield f"traffic        {traffic_line(seen['Traffic'])}"
    if own := seen.get("ThisMachine"):
        serves = "serves" if own["Serves"] else "has no plan yet"
        yield f"this machine   {own['Http']}  {serves}  revision {own['Revision']}  health {own['Health']}"
