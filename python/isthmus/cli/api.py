"""`isthmus api <Operation> --Param value …`: every operation of the catalogue."""

from __future__ import annotations

import difflib
import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from isthmus.catalog import Catalog, Operation
from isthmus.cli.options import state_directory
from isthmus.client import ClientError, call, find_endpoint


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("operation", required=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def api(operation: str | None, arguments: tuple[str, ...]) -> None:
    """Call a management operation: isthmus api CreateApiGroup --GroupName demo.

    A list is written --ResourceId.1 a --ResourceId.2 b, a list of objects --Tag.1.Key k --Tag.1.Value v, and a value
    that stands in a file --Data @file. `isthmus api OPERATION --help` lists the parameters.
    """
    catalog = Catalog.load()
    if operation in (None, "--help", "-h"):
        click.echo(click.get_current_context().get_help())
        click.echo("\nOperations:\n  " + "\n  ".join(sorted(one.name for one in catalog.operations)))
        return
    assert operation is not None
    found = _find(catalog, operation)
    if "--help" in arguments or "-h" in arguments:
        click.echo(_help(found))
        return
    parameters, state_dir = _parameters(found, list(arguments))
    try:
        endpoint = find_endpoint(os.environ, state_dir)
        answer = call(endpoint, found.name, found.version, parameters)
    except ClientError as error:
        if error.code:
            click.echo(f"{error.code}: {error}\nRequestId: {error.request_id}", err=True)
        else:
            click.echo(f"isthmus: {error}", err=True)
        sys.exit(1)
    click.echo(json.dumps(answer, ensure_ascii=False, indent=2))


def _find(catalog: Catalog, name: str) -> Operation:
    by_name = {one.name: one for one in catalog.operations}
    if name in by_name:
        return by_name[name]
    near = difflib.get_close_matches(name, by_name, 3)
    hint = f" Did you mean {', '.join(near)}?" if near else " `isthmus api --help` lists them."
    raise click.UsageError(f"There is no operation {name}.{hint}")


def _parameters(operation: Operation, arguments: list[str]) -> tuple[dict[str, str], Path]:
    known = {parameter.name for parameter in operation.params}
    state_dir = None
    parameters: dict[str, str] = {}
    while arguments:
        flag = arguments.pop(0)
        if not flag.startswith("--"):
            raise click.UsageError(f"{flag!r} is not a parameter: write --Name value.")
        name, separator, value = flag[2:].partition("=")
        if not separator:
            if not arguments:
                raise click.UsageError(f"--{name} needs a value.")
            value = arguments.pop(0)
        if name == "state":
            state_dir = Path(value)
        elif name.split(".")[0] not in known:
            near = difflib.get_close_matches(name, known, 3)
            hint = f" Did you mean --{', --'.join(near)}?" if near else ""
            raise click.UsageError(f"{operation.name} has no parameter {name}.{hint}")
        else:
            parameters[name] = _value(value)
    return parameters, state_directory(state_dir)


def _value(text: str) -> str:
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{text[1:]} cannot be read: {error}") from error


def _help(operation: Operation) -> str:
    rows: list[str] = []
    forms: dict[str, Any] = {"flat-repeat": ".N", "json": " (JSON text)", "simple": " (list with commas)"}
    for parameter in operation.params:
        mark = "required" if parameter.required else ""
        rows.append(f"  --{parameter.name}{forms.get(parameter.wire, '')}  {mark}".rstrip())
    return f"{operation.name} ({operation.version})\n\n" + "\n".join(rows)
