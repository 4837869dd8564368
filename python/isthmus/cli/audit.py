"""`isthmus audit`: who changed what, from the gateway's audit trail."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from isthmus.cli.options import state_directory, state_option
from isthmus.client import ClientError, call, find_endpoint

_VERSION = "2026-11-01"
_LARGEST_PAGE = 100
_FILTERS = {
    "since": "StartTime",
    "until": "EndTime",
    "actor": "Actor",
    "operation": "Operation",
    "client": "Client",
    "outcome": "Outcome",
    "subject": "Subject",
}


@click.command()
@click.option("--since", metavar="TIME", help="Only events from this time on (2026-11-24T09:30:00Z).")
@click.option("--until", metavar="TIME", help="Only events before this time.")
@click.option("--actor", help="Only of this access key, or of a user (user:NAME).")
@click.option("--operation", help="Only calls of this operation.")
@click.option("--client", help="Only through this client: console, isthmus, terraform, cli, sdk, other.")
@click.option("--outcome", help="Only with this outcome: Success, or a code.")
@click.option("--subject", help="Only about this id or name.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line, with parameters and differences.")
@state_option
def audit(limit: int, as_json: bool, state_dir: Path | None, **filters: str | None) -> None:
    """Show who changed what, the newest first."""
    wanted = {_FILTERS[name]: value for name, value in filters.items() if value}
    try:
        events = _fetch(state_directory(state_dir), wanted, limit)
    except ClientError as error:
        click.echo(f"isthmus: {error.code + ': ' if error.code else ''}{error}", err=True)
        sys.exit(1)
    for event in events:
        click.echo(json.dumps(event, ensure_ascii=False) if as_json else _text(event))


def _fetch(directory: Path, wanted: dict[str, str], limit: int) -> list[dict[str, Any]]:
    endpoint = find_endpoint(os.environ, directory)
    found: list[dict[str, Any]] = []
    size, number = min(limit, _LARGEST_PAGE), 1
    while len(found) < limit:
        page = {"PageNumber": str(number), "PageSize": str(size)}
        events = call(endpoint, "DescribeAuditEvents", _VERSION, {**wanted, **page})["AuditEvents"]
        found += events
        if len(events) < size:
            break
        number += 1
    return found[:limit]


def _text(event: dict[str, Any]) -> str:
    head = f"{event['Time']}  {event['Actor']}  {event['Client']}  {event['SourceAddress']}  {event['Operation']}"
    lines = [f"{head}  {event['Outcome']}"]
    for change in event["Changes"]:
        for one in change["Differences"]:
            lines.append(
                f"    {change['Kind']} {change['Key']} {one['Path']}: {_side(one, 'Before')} → {_side(one, 'After')}"
            )
    return "\n".join(lines)


def _side(difference: dict[str, Any], name: str) -> str:
    value = difference.get(name)
    return "(none)" if value is None else json.dumps(value, ensure_ascii=False)[:120]
