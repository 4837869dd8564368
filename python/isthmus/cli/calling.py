"""One management call from a verb of the command line: its answer, or one line about what went wrong and exit code 1.

Used by the verbs that work on a running gateway (`vpc.py`, `instance.py`). Calls `isthmus.client`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from isthmus.cli.options import state_directory
from isthmus.client import ClientError, call, find_endpoint

VENDOR, OWN = "2016-07-14", "2026-11-01"
_PAGE = 100


def ask(state_dir: Path | None, action: str, version: str = OWN, **parameters: str) -> dict[str, Any]:
    """Ends the program when there is no answer, or a refusal."""
    try:
        return call(find_endpoint(os.environ, state_directory(state_dir)), action, version, parameters)
    except ClientError as error:
        text = f"{error.code}: {error}\nRequestId: {error.request_id}" if error.code else f"isthmus: {error}"
        click.echo(text, err=True)
        sys.exit(1)


def pages(
    state_dir: Path | None, action: str, path: tuple[str, str], parameters: Mapping[str, str], version: str = OWN
) -> Iterator[dict[str, Any]]:
    """Every entry of a list, page by page; `path` leads to it in an answer."""
    number, seen = 1, 0
    while True:
        page = {**parameters, "PageNumber": str(number), "PageSize": str(_PAGE)}
        answer = ask(state_dir, action, version, **page)
        found = answer[path[0]][path[1]]
        yield from found
        seen += len(found)
        if not found or seen >= int(answer["TotalCount"]):
            return
        number += 1


def places(access: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Every target of a VPC access with its port."""
    own = int(access["Port"])
    others = [(one["InstanceId"], int(one.get("Port") or own)) for one in access.get("Targets") or ()]
    return [(access["InstanceId"], own), *others]
