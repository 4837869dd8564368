"""Operations called with the wire's names and shown with them: what a client sends and what it gets."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from isthmus.catalog import Catalog
from isthmus.errors import ApiError
from isthmus.hub.desk import Desk
from isthmus.operations import function_for
from isthmus.operations.call import Call, Job
from isthmus.operations.record_check import check_records
from isthmus.sealing import Keyring
from isthmus.settings import Settings
from isthmus.store import Store
from isthmus.store.records import all_records

CATALOG = Catalog.load()
VERSIONS = ("2016-07-14", "2026-11-01")

REQUEST = {"RequestProtocol": "HTTP,HTTPS", "RequestHttpMethod": "GET", "RequestPath": "/users/[id]"}
MOCK = {"ServiceProtocol": "HTTP", "Mock": "TRUE", "MockResult": "hello"}


class NoEngines:
    def egress_addresses(self, network_id: str, instance_id: str | None = None) -> list[str]:
        return []

    def ask(self, node: str, wanted: Mapping[str, Any], seconds: float) -> tuple[str, dict[str, Any] | None]:
        return node, None

    def engines(self) -> list[dict[str, Any]]:
        return []


class Workbench:
    """Each call is one transaction; the clock moves on by a second with each."""

    def __init__(self, store: Store, clock: list[float]) -> None:
        self.store = store
        self.clock = clock
        self.settings = Settings(apis_per_group_limit=20)
        self.hub: Desk | None = None
        self.jobs: list[Job] = []

    def call(self, name: str, **params: Any) -> dict[str, Any]:
        found = [operation for version in VERSIONS if (operation := CATALOG.find(name, version)) is not None]
        function = function_for(name)
        assert function is not None, f"{name} has no function"
        self.clock[0] += 1
        raw = {
            key.replace("__", "."): value if isinstance(value, str) else json.dumps(value)
            for key, value in params.items()
        }
        checked = found[0].check(raw)
        with self.store.write() as transaction:
            made = Call(transaction, self.settings, "key", NoEngines(), hub=self.hub)
            result = function(made, checked)
            # An error of the test: operations have to find what is wrong themselves.
            check_records(transaction)
        self.jobs += made.jobs
        return found[0].render(result)

    def go_on(self, steps: int = 1000) -> None:
        """With what operations do when they have answered: so many steps, one after the other."""
        while self.jobs and steps:
            steps -= 1
            with self.store.write() as transaction:
                if not self.jobs[0].step(Call(transaction, self.settings, "key", NoEngines())):
                    del self.jobs[0]

    def refused(self, name: str, **params: Any) -> ApiError:
        with pytest.raises(ApiError) as caught:
            self.call(name, **params)
        return caught.value

    def editions(self) -> dict[str, dict[str, Any]]:
        """The plan's edition records by key."""
        with self.store.read() as transaction:
            found = all_records(transaction.connection, self.store.keyring)
            return {record.key: json.loads(record.body or "") for record in found if record.kind == "edition"}

    def group(self, name: str = "demo_group", base_path: str = "/") -> str:
        return str(self.call("CreateApiGroup", GroupName=name, BasePath=base_path)["GroupId"])

    def api(self, group_id: str, name: str = "get_user", **changes: Any) -> str:
        return str(self.call("CreateApi", GroupId=group_id, ApiName=name, **definition(**changes))["ApiId"])


def definition(**changes: Any) -> dict[str, Any]:
    """A mock API with one path parameter; `changes` replace whole parameters."""
    given: dict[str, Any] = {
        "RequestConfig": REQUEST,
        "ServiceConfig": MOCK,
        "RequestParameters": [{"ApiParameterName": "id", "Location": "PATH", "ParameterType": "STRING"}],
    }
    return {**given, **changes}


def request(**changes: Any) -> Mapping[str, Any]:
    return {**REQUEST, **changes}


def make_store(tmp_path: Path, clock: list[float], address: str | None = None) -> Iterator[Store]:
    keyring = Keyring(bytes(32))
    if address is None:
        opened = Store.open_sqlite(tmp_path / "store.db", keyring, lambda: clock[0])
    else:
        opened = Store.open_postgresql(address, keyring, lambda: clock[0])
    yield opened
    opened.close()


def wanted_address(request: pytest.FixtureRequest) -> str | None:
    """TEST_STORE=postgresql runs the tests of operations on PostgreSQL."""
    if os.environ.get("TEST_STORE") != "postgresql":
        return None
    return str(request.getfixturevalue("postgresql").database())


@pytest.fixture
def workbench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Workbench]:
    clock = [1_795_000_000.0]
    for store in make_store(tmp_path, clock, wanted_address(request)):
        yield Workbench(store, clock)
