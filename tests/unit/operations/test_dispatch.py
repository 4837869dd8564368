"""What a write answers when engines lag or refuse, and what an operation without a function answers."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import anyio
import pytest
from isthmus.catalog import Catalog, Params
from isthmus.errors import ApiError
from isthmus.operations import dispatch
from isthmus.operations.call import Call
from isthmus.operations.dispatch import OperationsDispatcher
from isthmus.sealing import Keyring
from isthmus.settings import Settings
from isthmus.store import Store
from isthmus.store.access_keys import ensure_administrator
from isthmus.wire.app import Caller, Outcome

CATALOG = Catalog.load()
CALLER = Caller("key", "owner", "127.0.0.1", "test", "id")


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

    def egress_addresses(self, network_id: str, instance_id: str | None = None) -> list[str]:
        return []

    def engines(self) -> list[dict[str, Any]]:
        return []


@pytest.fixture
def plane() -> FakePlane:
    return FakePlane()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open_sqlite(tmp_path / "store.sqlite", Keyring(b"k" * 32))


@pytest.fixture
def dispatcher(store: Store, plane: FakePlane) -> OperationsDispatcher:
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


def test_writes_above_the_pace_change_nothing_and_reads_go_on(
    store: Store, plane: FakePlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatcher = OperationsDispatcher(store, Settings(writes_limit=1), plane)
    monkeypatch.setattr(dispatcher._pace, "_clock", lambda: 10.0)
    run(dispatcher, "CreateApiGroup", group_name="one")
    with pytest.raises(ApiError) as refused:
        run(dispatcher, "CreateApiGroup", group_name="two")
    assert refused.value.code == "Throttling.User" and "writes_limit" in refused.value.message
    assert run(dispatcher, "DescribeApiGroups").result["total_count"] == 1


def test_a_change_that_an_engine_refuses_is_no_success(dispatcher: OperationsDispatcher, plane: FakePlane) -> None:
    plane.refused = [{"node": "engine-1", "kind": "group", "key": "g", "reason": "stages: must name at least one"}]
    with pytest.raises(ApiError) as raised:
        run(dispatcher, "CreateApiGroup", group_name="demo")
    assert raised.value.code == "RefusedByEngine"
    assert "engine-1 refuses group g: stages" in raised.value.message


def test_what_an_engine_would_refuse_is_not_stored(
    dispatcher: OperationsDispatcher, store: Store, plane: FakePlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(call: Call, _params: Any) -> dict[str, Any]:
        call.transaction.records.put("group", "g", {"group_id": "g", "stages": []})
        return {}

    monkeypatch.setattr(dispatch, "function_for", lambda _name: careless)
    with pytest.raises(ApiError) as raised:
        run(dispatcher, "CreateApiGroup", group_name="demo")
    assert raised.value.code == "RefusedByEngine" and plane.waited == []
    assert "nothing was changed: group g: " in raised.value.message and "`name`" in raised.value.message
    assert store.revision() == 0


def test_an_operation_without_a_function_is_not_implemented(dispatcher: OperationsDispatcher) -> None:
    with pytest.raises(ApiError) as raised:
        run(dispatcher, "CreatePrivateDNS", type="t", intranet_domain="d")
    assert (raised.value.code, raised.value.status) == ("NotImplemented", 400)


def test_a_store_that_does_not_answer_is_a_503_and_acknowledges_nothing(
    dispatcher: OperationsDispatcher, plane: FakePlane, tmp_path: Path
) -> None:
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        connection.execute("DROP TABLE tags")
    for name, values in (("CreateApiGroup", {"group_name": "demo"}), ("DescribeApiGroups", {})):
        if name == "DescribeApiGroups":
            connection.execute("DROP TABLE groups")
        with pytest.raises(ApiError) as raised:
            run(dispatcher, name, **values, tag=[{"key": "env", "value": "x"}])
        assert (raised.value.code, raised.value.status) == ("ServiceUnavailable", 503)
    connection.close()
    assert plane.waited == []


def test_a_change_that_another_control_plane_forestalled_may_be_repeated(
    dispatcher: OperationsDispatcher, tmp_path: Path
) -> None:
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        connection.execute("CREATE TRIGGER t BEFORE INSERT ON groups BEGIN SELECT RAISE(ABORT, 'taken'); END")
    connection.close()
    with pytest.raises(ApiError) as raised:
        run(dispatcher, "CreateApiGroup", group_name="demo")
    assert (raised.value.code, raised.value.status) == ("RepeatedCommit", 400)


def test_an_access_key_is_looked_up_in_the_store(dispatcher: OperationsDispatcher, tmp_path: Path) -> None:
    store = Store.open_sqlite(tmp_path / "store.sqlite", Keyring(b"k" * 32))
    with store.write() as transaction:
        key, secret = ensure_administrator(transaction)
    store.close()
    found = dispatcher.access_key(key)
    assert found is not None
    assert (found.access_key_id, found.secret, found.active) == (key, secret, True)
    assert dispatcher.access_key("nobody") is None
