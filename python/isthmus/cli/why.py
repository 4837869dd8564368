"""`isthmus why`: what decided about one request, with which values, and what to do about it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from isthmus.cli.options import state_directory, state_option
from isthmus.cli.trace_table import trace_lines
from isthmus.client import ClientError, call, find_endpoint

_VERSION = "2026-11-01"


@click.command()
@click.argument("request_id")
@click.option("--json", "as_json", is_flag=True, help="Everything that is known, as one JSON object.")
@state_option
def why(request_id: str, as_json: bool, state_dir: Path | None) -> None:
    """Show why the request with this id (the answer's header X-Ca-Request-Id) was answered as it was."""
    try:
        endpoint = find_endpoint(os.environ, state_directory(state_dir))
        answer = call(endpoint, "DescribeRequestDecision", _VERSION, {"RequestLogId": request_id})
    except ClientError as error:
        click.echo(f"isthmus: {error.code + ': ' if error.code else ''}{error}", err=True)
        sys.exit(1)
    decision = answer["Decision"]
    click.echo(json.dumps(decision, ensure_ascii=False, indent=2) if as_json else "\n".join(_lines(decision)))


def _lines(decision: dict[str, Any]) -> Iterator[str]:
    known = {name: value for name, value in decision.items() if value not in ("", None)}
    query = f"?{known['Query']}" if "Query" in known else ""
    target = f"{known.get('Domain', '')}{known.get('Path', '')}{query}"
    yield f"{decision['Status']} {known.get('ErrorCode', 'answered')}  {known.get('Method', '')} {target}"
    for title, text in (
        ("when", f"{decision['Time']}, {_times(decision)}"),
        ("where", f"engine {known.get('Node', '?')}, {known.get('Scheme', '')} from {known.get('ClientIp', '?')}"),
        ("group", _named(known, "GroupName", "GroupId")),
        ("API", _named(known, "ApiName", "ApiId")),
        ("stage", _joined(known.get("Stage"), known.get("Version") and f"edition {known['Version']}")),
        ("app", _joined(_named(known, "AppName", "AppId"), known.get("AppKey") and f"key {known['AppKey']}")),
        ("backend", known.get("Backend", "")),
        ("decided by", _joined(decision.get("Explanation", {}).get("Layer"), _plugin(known))),
        ("said", known.get("ErrorMessage", "")),
        ("detail", known.get("Detail", "")),
        ("means", decision.get("Explanation", {}).get("Title", "")),
        ("do", decision.get("Explanation", {}).get("Fix", "")),
    ):
        if text:
            first, *more = text.replace("\n", "\n" + " " * 14).split("\n")
            yield f"  {title:<12}{first}"
            yield from more
    if decision.get("Trace"):
        yield from trace_lines(decision["Trace"])


def _times(decision: dict[str, Any]) -> str:
    total = f"{decision['TotalUs'] / 1000:.1f} ms"
    if not decision["BeforeBackendUs"]:
        return f"{total}, no backend was asked"
    backend = f"{decision['BackendUs'] / 1000:.1f} ms for the backend"
    connect = f" ({decision['ConnectUs'] / 1000:.1f} ms to connect)" if decision["ConnectUs"] else ""
    return f"{total}: {decision['BeforeBackendUs'] / 1000:.1f} ms before the backend, {backend}{connect}"


def _plugin(known: dict[str, Any]) -> str:
    return _joined(known.get("Plugin"), known.get("PluginId"))


def _named(known: dict[str, Any], name: str, identity: str) -> str:
    return f"{known.get(name, '')} ({known[identity]})" if identity in known else ""


def _joined(*parts: str | None) -> str:
    return ", ".join(part for part in parts if part)
