"""What a write answers when engines lag or refuse, and what an operation without a function answers."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import anyio
import pytest
from isthmus.catalog import Catalog, Params
from isthmus.errors import ApiError
from isthmus.operations import dispatch, imports
from isthmus.operations.call import Call
from isthmus.operations.dispatch import OperationsDispatcher
from isthmus.operations.import_tasks import ImportJob
from isthmus.sealing import Keyring
from isthmus.settings import Settings
from isthmus.store import Store
from isthmus.store.access_keys import ensure_administrator
from isthmus.store.audit import EventFilter, list_events
from isthmus.store.selection import Page
from isthmus.wire.app import Caller, Outcome
from pg8000.exceptions import InterfaceError
from sqlalchemy.exc import InterfaceError as SqlInterfaceError

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


def test_nonces_that_cannot_be_kept_are_a_503(dispatcher: OperationsDispatcher, tmp_path: Path) -> None:
    assert dispatcher.first_use("key", "nonce", 2.0, 1.0) and not dispatcher.first_use("key", "nonce", 2.0, 1.0)
    with sqlite3.connect(tmp_path / "nonces-of-store.sqlite") as connection:
        connection.execute("DROP TABLE management_nonces")
    connection.close()
    with pytest.raises(ApiError) as raised:
        dispatcher.first_use("key", "other", 2.0, 1.0)
    assert (raised.value.code, raised.value.status) == ("ServiceUnavailable", 503)


@pytest.mark.parametrize(
    "error",
    [
        SqlInterfaceError("COMMIT", {}, Exception("network error"), connection_invalidated=True),
        InterfaceError("network error"),
        ConnectionResetError("reset by peer"),
    ],
)
def test_a_store_that_is_lost_during_a_write_is_not_said_to_hold_nothing_of_it(
    dispatcher: OperationsDispatcher, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def cut(*_: Any) -> dict[str, Any]:
        raise error

    monkeypatch.setattr(dispatch, "function_for", lambda _name: cut)
    with pytest.raises(ApiError) as raised:
        run(dispatcher, "CreateApiGroup", group_name="demo")
    assert raised.value.code == "ServiceUnavailable" and "may have taken effect" in raised.value.message


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


def long_document() -> str:
    get = {"responses": {"200": {"description": "ok"}}, "x-aliyun-apigateway-backend": {"type": "MOCK"}}
    paths = {f"/a/{number}": {"get": {**get, "operationId": f"a_{number}"}} for number in range(500)}
    return json.dumps({"swagger": "2.0", "info": {"title": "t", "version": "1"}, "paths": paths})


class Gate:
    """Lets so many steps of imports through as a test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps = threading.Semaphore(0)
        step = ImportJob.step

        def gated(job: ImportJob, call: Call) -> bool:
            if not self.steps.acquire(timeout=60):
                raise AssertionError("the test never let it go on")
            return step(job, call)

        monkeypatch.setattr(ImportJob, "step", gated)


def ask(dispatcher: OperationsDispatcher, action: str, **given: str) -> dict[str, Any]:
    operation = CATALOG.find(action, "2016-07-14")
    assert operation is not None
    return operation.render(anyio.run(dispatcher.run, operation, operation.check(given), CALLER).result)


def import_all(dispatcher: OperationsDispatcher) -> str:
    group_id = ask(dispatcher, "CreateApiGroup", GroupName="long")["GroupId"]
    given = {"GroupId": group_id, "Data": long_document(), "Overwrite": "true", "SkipDryRun": "true"}
    return str(ask(dispatcher, "ImportOAS", **given)["OperationId"])


def progress(dispatcher: OperationsDispatcher, operation_id: str) -> tuple[str, dict[str, int]]:
    task = ask(dispatcher, "DescribeImportOASTask", OperationId=operation_id)
    return task["TaskStatus"], dict(Counter(row["UpdateStatus"] for row in task["ApiResults"]["ApiResult"]))


def wait_for(dispatcher: OperationsDispatcher, operation_id: str, expected: tuple[str, dict[str, int]]) -> None:
    deadline = time.monotonic() + 60
    while (seen := progress(dispatcher, operation_id)) != expected:
        assert time.monotonic() < deadline, seen
        time.sleep(0.01)


def test_an_import_of_five_hundred_paths_shows_its_progress(
    dispatcher: OperationsDispatcher, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    gate = Gate(monkeypatch)
    operation_id = import_all(dispatcher)
    assert progress(dispatcher, operation_id) == ("Running", {"WAIT": 500})
    gate.steps.release(3)
    # The fourth step has the store's one writer and waits at the gate; readers go on.
    wait_for(dispatcher, operation_id, ("Running", {"OVER": 150, "WAIT": 350}))
    gate.steps.release(7)
    wait_for(dispatcher, operation_id, ("Finished", {"OVER": 500}))
    with store.read() as transaction:
        events = list_events(transaction, EventFilter(operation="ImportOAS"), Page(1, 100)).events
    told = [one.event.parameters for one in events]
    assert told[:10] == [{"operation_id": operation_id}] * 10 and len(told) == 11
    assert {one.event.actor.name for one in events} == {"key"}


def test_a_stop_ends_an_import_where_it_is(dispatcher: OperationsDispatcher, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch)
    operation_id = import_all(dispatcher)
    gate.steps.release(1)
    wait_for(dispatcher, operation_id, ("Running", {"OVER": 50, "WAIT": 450}))
    stopping = threading.Thread(target=dispatcher.close)
    stopping.start()
    deadline = time.monotonic() + 60
    while not dispatcher._background._is_stopping:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    gate.steps.release(1)
    stopping.join(60)
    wait_for(dispatcher, operation_id, ("Finished", {"OVER": 100, "CANCEL": 400}))


def test_a_defect_ends_an_import_and_not_the_next_one(
    dispatcher: OperationsDispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)
    gate.steps.release(100)
    with monkeypatch.context() as broken:
        broken.setattr(imports.DraftBatch, "write", lambda _batch: 1 / 0)
        wait_for(dispatcher, import_all(dispatcher), ("Finished", {"CANCEL": 500}))
    group_id = ask(dispatcher, "CreateApiGroup", GroupName="next")["GroupId"]
    given = {"GroupId": group_id, "Data": long_document(), "Overwrite": "true", "SkipDryRun": "true"}
    wait_for(dispatcher, ask(dispatcher, "ImportOAS", **given)["OperationId"], ("Finished", {"OVER": 500}))
