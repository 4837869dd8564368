"""`isthmus why`: what decided about one request, with which values, and what to do about it."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from isthmus.cli.call import read_headers
from isthmus.cli.options import state_directory, state_option
from isthmus.cli.trace_table import trace_lines
from isthmus.client import ClientError, call, find_endpoint

_VERSION = "2026-11-01"


@click.command()
@click.argument("what", nargs=-1, metavar="REQUEST_ID | --dry-run METHOD URL")
@click.option("--json", "as_json", is_flag=True, help="Everything that is known, as one JSON object.")
@click.option("--dry-run", is_flag=True, help="A request that is only imagined: nothing is sent, nothing is counted.")
@click.option("--app", "app_id", type=int, help="Imagine that this app makes it, with a signature.")
@click.option("--app-code", help="Imagine it with this AppCode.")
@click.option("--stage", help="Imagine it in this stage (X-Ca-Stage).")
@click.option("--client-ip", help="Imagine that it comes from this address.")
@click.option("-H", "--header", "headers", multiple=True, metavar="NAME: VALUE", help="A header; may be repeated.")
@click.option("--body", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="File with the body.")
@state_option
def why(what: tuple[str, ...], as_json: bool, dry_run: bool, state_dir: Path | None, **imagined: Any) -> None:
    """Show why a request was answered as it was, by its id (the answer's header X-Ca-Request-Id).

    Or what would become of one: isthmus why --dry-run GET https://api.example.com/path --app APPID
    """
    operation, params = _dry_run(what, imagined) if dry_run else _record(what, imagined)
    try:
        endpoint = find_endpoint(os.environ, state_directory(state_dir))
        answer = call(endpoint, operation, _VERSION, params)
    except ClientError as error:
        click.echo(f"isthmus: {error.code + ': ' if error.code else ''}{error}", err=True)
        sys.exit(1)
    decision = answer["Decision"]
    click.echo(json.dumps(decision, ensure_ascii=False, indent=2) if as_json else "\n".join(_lines(decision)))


def _record(what: tuple[str, ...], imagined: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if len(what) != 1 or any(value not in (None, ()) for value in imagined.values()):
        raise click.UsageError("Name one request id; for a request that is only imagined, --dry-run METHOD URL.")
    return "DescribeRequestDecision", {"RequestLogId": what[0]}


def _dry_run(what: tuple[str, ...], imagined: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if len(what) != 2:
        raise click.UsageError("A dry run needs a method and a URL: isthmus why --dry-run GET https://host/path.")
    body = imagined["body"].read_bytes() if imagined["body"] else b""
    given = {
        "Method": what[0].upper(),
        "Url": what[1],
        "Headers": json.dumps(read_headers(imagined["headers"])) if imagined["headers"] else None,
        "BodyBase64": base64.b64encode(body).decode() or None,
        "StageName": imagined["stage"],
        "AppId": None if imagined["app_id"] is None else str(imagined["app_id"]),
        "AppCode": imagined["app_code"],
        "ClientIp": imagined["client_ip"],
    }
    return "DryRunRequest", {name: value for name, value in given.items() if value is not None}


def _lines(decision: dict[str, Any]) -> Iterator[str]:
    known = {name: value for name, value in decision.items() if value not in ("", None)}
    query = f"?{known['Query']}" if "Query" in known else ""
    target = f"{known.get('Domain', '')}{known.get('Path', '')}{query}"
    outcome = f"{decision['Status']} {known.get('ErrorCode', 'answered')}" if decision["Status"] else "would be sent"
    yield f"{outcome}  {known.get('Method', '')} {target}"
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
