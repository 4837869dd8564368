"""Two control planes of one database: a publish through one waits for the engines of the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from isthmus.plane import Plane, PlaneTimes
from isthmus.plane.ledger import Ledger
from isthmus.sealing import Keyring
from isthmus.store import Store

TOKEN = "t" * 40
DEADLINE = 20.0
Opened = Callable[[], Store]


@pytest.fixture
def opened(new_database: Callable[[], str]) -> Iterator[Opened]:
    address, stores = new_database(), []

    def make() -> Store:
        stores.append(Store.open_postgresql(address, Keyring(bytes(32))))
        return stores[-1]

    yield make
    for store in stores:
        store.close()


def put(store: Store, body: dict[str, Any]) -> int:
    with store.write() as transaction:
        transaction.records.put("group", "g", body)
    assert transaction.revision is not None
    return transaction.revision


def report(served: Any, store: Store, revision: int, **other: Any) -> None:
    """The word of the engine `far`, which follows `served`."""
    with store.read() as transaction:
        now, digest = Ledger().advance(transaction)
    fields = {"node": "far", "store": now.store_id, "revision": revision, "digest": digest} | other
    assert served.report(**fields).status_code == 204


def until(condition: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def test_a_publish_waits_for_the_engines_of_another_control_plane(opened: Opened, running: Any) -> None:
    times = PlaneTimes(publish_wait=DEADLINE, healthy_for=60)
    first, second = opened(), opened()
    with running(Plane(first, TOKEN, times)) as here, running(Plane(second, TOKEN, times)) as there:
        old = put(first, {"a": 1})
        report(there, second, old)
        until(lambda: here.plane.engines(), "the engine is not known here")
        revision = put(first, {"a": 2})
        waiting = here.start_waiting(revision)
        report(there, second, old)
        assert not waiting.done()
        refused = [{"kind": "group", "key": "g", "revision": revision, "reason": "is odd"}]
        report(there, second, revision, refused=refused)
        assert waiting.result(DEADLINE) == []
        assert here.plane.refusals_at(revision) == [{"node": "far", "kind": "group", "key": "g", "reason": "is odd"}]
        (shown,) = here.plane.engines()
        assert (shown["node"], shown["state"]) == ("far", "serving")


def test_the_wait_is_bounded_and_names_the_engine(opened: Opened, running: Any) -> None:
    first, second = opened(), opened()
    times = PlaneTimes(publish_wait=0.3, healthy_for=60)
    with running(Plane(first, TOKEN, times)) as here, running(Plane(second, TOKEN, times)) as there:
        old = put(first, {"a": 1})
        report(there, second, old)
        until(lambda: here.plane.engines(), "the engine is not known here")
        assert here.wait_served(put(first, {"a": 2})) == ["far"]


def test_an_engine_that_fell_silent_elsewhere_is_not_waited_for(opened: Opened, running: Any) -> None:
    first, second = opened(), opened()
    times = PlaneTimes(publish_wait=DEADLINE, healthy_for=0.5)
    with running(Plane(second, TOKEN, times)) as there:
        report(there, second, put(second, {"a": 1}))
        until(lambda: there.plane.engines()[0]["state"] == "silent", "the engine is not silent")
    with running(Plane(first, TOKEN, times)) as here:
        assert here.wait_served(put(first, {"a": 2})) == []
