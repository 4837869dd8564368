"""A store in a temporary directory, and a gateway whose operations are called as the dispatcher calls them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from isthmus.operations import function_for
from isthmus.operations.call import Call
from isthmus.settings import Settings
from isthmus.store import Store
from isthmus.store.records import all_records
from isthmus.store.schema import apis, editions
from sqlalchemy import insert
from workbench import make_store, wanted_address


class Absent(SimpleNamespace):
    """Parameters of a call: what was not given is None."""

    def __getattr__(self, name: str) -> None:
        return None


class FakeNodes:
    """Engines that report what a test says."""

    def __init__(self) -> None:
        self.addresses: dict[str, list[str]] = {}
        self.reports: list[dict[str, Any]] = []

    def egress_addresses(self, network_id: str, instance_id: str | None = None) -> list[str]:
        return self.addresses.get(network_id, [])

    def engines(self) -> list[dict[str, Any]]:
        return self.reports


class Gateway:
    """Calls operations; each call is one transaction, and its clock moves on by a second."""

    def __init__(self, store: Store, clock: list[float], **settings: Any) -> None:
        self.store = store
        self.nodes = FakeNodes()
        self.settings = Settings(**settings)
        self._clock = clock

    def call(self, name: str, **params: Any) -> Mapping[str, Any]:
        function = function_for(name)
        assert function is not None, f"{name} has no function"
        self._clock[0] += 1
        with self.store.write() as transaction:
            return function(Call(transaction, self.settings, "key", self.nodes), Absent(**params))

    def records(self) -> dict[str, dict[str, Any]]:
        """The plan, by `kind key`."""
        with self.store.read() as transaction:
            found = all_records(transaction.connection, self.store.keyring)
            return {f"{record.kind} {record.key}": json.loads(record.body or "") for record in found}

    def group(self, name: str = "demo_group") -> str:
        return str(self.call("CreateApiGroup", group_name=name)["group_id"])

    def app(self, name: str = "demo_app") -> int:
        return int(self.call("CreateApp", app_name=name)["app_id"])

    def api(self, group_id: str, name: str = "get_user", definition: Mapping[str, Any] | None = None) -> str:
        """A row as creating an API leaves it."""
        api_id = uuid.uuid4().hex
        row = {
            "api_id": api_id,
            "group_id": group_id,
            "name": name,
            "method": "GET",
            "path": f"/{name}",
            "definition": json.dumps(definition or {}),
            "created_at": 0,
            "modified_at": 0,
        }
        with self.store.write() as transaction:
            transaction.connection.execute(insert(apis).values(row))
        return api_id

    def publish(self, api_id: str, group_id: str, stage: str, definition: Mapping[str, Any]) -> None:
        """An edition row as publishing an API leaves it."""
        row = {
            "api_id": api_id,
            "stage": stage,
            "version": "20261124093000000",
            "group_id": group_id,
            "online": True,
            "definition": json.dumps(definition),
            "content_hash": "",
            "deployed_at": 0,
        }
        with self.store.write() as transaction:
            transaction.connection.execute(insert(editions).values(row))


@pytest.fixture
def clock() -> list[float]:
    return [1_795_000_000.0]


@pytest.fixture
def store(tmp_path: Path, clock: list[float], request: pytest.FixtureRequest) -> Iterator[Store]:
    yield from make_store(tmp_path, clock, wanted_address(request))


@pytest.fixture
def gateway(store: Store, clock: list[float]) -> Gateway:
    return Gateway(store, clock)
