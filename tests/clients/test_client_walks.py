"""Each of the vendor's management clients, unmodified, creates, reads, lists, changes and deletes every kind of resource.

What each calls is on record in `spec/walks.json`, of which the page of operations is made; RECORD_WALKS=1 writes it.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from certificates import self_signed

from line_client import Lines
from python_clients import Current, Older
from running import Running
from walking import Client, Walk, tables

HERE = Path(__file__).parent
BUILT = HERE.parents[1] / ".cache" / "clients"
RECORD = HERE.parents[1] / "spec" / "walks.json"


def _node(endpoint: str, key: str, secret: str) -> Client:
    if not (HERE / "node" / "node_modules").exists():
        pytest.skip("the Node client is not installed: make test installs it")
    program = shutil.which("node")
    assert program is not None
    return Lines([program, "management.js", endpoint, key, secret], HERE / "node")


def _go(endpoint: str, key: str, secret: str) -> Client:
    if not (BUILT / "management-go").exists():
        pytest.skip("the Go client is not built: make test builds it where there is Go")
    return Lines([str(BUILT / "management-go"), endpoint, key, secret], HERE)


def _java(endpoint: str, key: str, secret: str) -> Client:
    program = shutil.which("java")
    if program is None or not (BUILT / "java" / "Management.class").exists():
        pytest.skip("the Java client is not built: make test builds it where there are a JDK and Maven")
    return Lines([program, "-Xshare:auto", "-cp", f"{BUILT}/java:{BUILT}/java/*", "Management", endpoint, key, secret], HERE)


CLIENTS: dict[str, Callable[[str, str, str], Client]] = {
    "python": Current,
    "older-python": Older,
    "node": _node,
    "older-go": _go,
    "older-java": _java,
}


@pytest.fixture(scope="module", params=list(CLIENTS))
def client_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def client(client_name: str, gateway: Running) -> Iterator[Client]:
    ready = gateway.ready
    endpoint = ready["management"].removeprefix("http://")
    made = CLIENTS[client_name](endpoint, ready["access_key_id"], ready["access_key_secret"])
    yield made
    if isinstance(made, Lines):
        made.stop()


def write_record(client: str, table: str, called: set[str]) -> None:
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    record.setdefault(client, {})[table] = sorted(called)
    lines = []
    for name in sorted(record):
        rows = [f'    "{one}": {json.dumps(record[name][one])}' for one in sorted(record[name])]
        lines.append(f'  "{name}": {{\n' + ",\n".join(rows) + "\n  }")
    RECORD.write_text("{\n" + ",\n".join(lines) + "\n}\n")


@pytest.mark.parametrize("table", tables())
def test_a_client_walks_through_a_resource(client: Client, client_name: str, table: str) -> None:
    unique = uuid.uuid4().hex[:8]
    known: dict[str, Any] = {"u": unique}
    known["certificate"], known["private_key"] = self_signed(f"{unique}.walk.example")
    walk = Walk(client, known)
    walk.go(table)
    if os.environ.get("RECORD_WALKS"):
        write_record(client_name, table, walk.called)
    recorded = json.loads(RECORD.read_text())[client_name].get(table, [])
    assert sorted(walk.called) == recorded, "RECORD_WALKS=1 writes what was called into spec/walks.json"
