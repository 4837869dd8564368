"""What a write answers when engines lag or refuse, and what an operation without a function answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest
from isthmus.catalog import Catalog, Params
from isthmus.errors import ApiError
from isthmus.operations.dispatch import OperationsDispatcher
from isthmus.settings import Settings
from isthmus.store import Store
from isthmus.store.sealing import Keyring
from isthmus.wire.app import Caller, Outcome

CATALOG = Catalog.load()
CALLER = Caller("key", "127.0.0.1", "test", "id")


class FakePlane:
    """Engines that say what a test wants."""

    def __init__(self) -> None:
        self.lagging: list[str] = []
        self.refused: list[dict[str, Any]] = []
        self.waited: list[int] = []

    async def wait_served(self, revision: int) -> list[str]:
        self.waited.append(revision)
        return self.lagging

    def refusals_at(self, revision: int) -> list[dict[str, Any]]:
        return self.refused

    def egress_addresses(self, network_id: str) -> list[str]:
        return []

    def engines(self) -> list[dict[str, Any]]:
        return []


@pytest.fixture
def plane() -> FakePlane:
    return FakePlane()


@pytest.fixture
def dispatcher(tmp_path: Path, plane: FakePlane) -> OperationsDispatcher:
    store = Store.open_sqlite(tmp_path / "store.sqlite", Keyring(b"k" * 32))
    return OperationsDispatcher(store, Settings(), plane)


def run(dispatcher: OperationsDispatcher, name: str, **values: Any) -> Outcome:
    operation = CATALOG.find(name, "2016-07-14")
    assert operation is not None
    return anyio.run(dispatcher.run, operation, Params(values, operation.declared), CALLER)


def test_a_write_waits_for_its_revision_and_names_nodes_that_lag(
    dispatcher: OperationsDispatcher, plane: FakePlane
) -> None:
    plane.lagging = ["engine-2"]
    outcome = run(dispatcher, "CreateApiGroup", group_name="demo")
    assert outcome.headers == {"x-isthmus-revision": "1", "x-isthmus-lagging": "engine-2"}
    assert plane.waited == [1]


def test_a_read_waits_for_nobody(dispatcher: OperationsDispatcher, plane: FakePlane) -> None:
    assert run(dispatcher, "DescribeApiGroups").headers == {}
    assert plane.waited == []


def test_a_change_that_an_engine_refuses_is_no_success(dispatcher: OperationsDispatcher, plane: FakePlane) -> None:
    plane.refused = [{"node": "engine-1", "kind": "group", "key": "g", "reason": "stages: must name at least one"}]
    with pytest.raises(ApiError) as raised:
        run(dispatcher, "CreateApiGroup", group_name="demo")
    assert raised.value.code == "RefusedByEngine"
    assert "engine-1 refuses group g: stages" in raised.value.message


def test_an_operation_without_a_function_is_not_implemented(dispatcher: OperationsDispatcher) -> None:
    with pytest.raises(ApiError) as raised:
        run(dispatcher, "CreatePlugin", plugin_name="p", plugin_type="cors", plugin_data="{}")
    assert (raised.value.code, raised.value.status) == ("NotImplemented", 400)
