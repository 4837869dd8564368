"""What an engine reads: snapshots, tails, pings, and the content hash of what it should then have."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from isthmus.plane import Plane, PlaneTimes
from isthmus.plane.ledger import record_digest
from isthmus.store import Store, schema
from isthmus.store.records import head
from sqlalchemy import update

if TYPE_CHECKING:
    from conftest import Reader, RunningPlane

TOKEN = "t" * 40
DEADLINE = 20.0


def digest(reader: Reader) -> str:
    total = 0
    for (kind, key), body in reader.plan.items():
        total ^= record_digest(kind, key, body)
    return f"{total:032x}"


def store_id(store: Store) -> str:
    with store.read() as transaction:
        return head(transaction.connection).store_id


def test_a_new_engine_gets_the_whole_plan(
    served: RunningPlane, store: Store, put: Callable[..., int], reading: Any
) -> None:
    put({"1": {"name": "é\n\u2028"}, "2": {}})
    put({"2": None, "3": {"b": [1]}})
    with reading(served) as reader:
        lines = reader.batch()
    assert lines == [
        {"type": "begin", "store": store_id(store), "mode": "snapshot", "revision": 2},
        {"type": "record", "kind": "app", "key": "1", "revision": 1, "body": {"name": "é\n\u2028"}},
        {"type": "record", "kind": "app", "key": "3", "revision": 2, "body": {"b": [1]}},
        {"type": "commit", "revision": 2, "digest": digest(reader)},
    ]


def test_a_change_arrives_as_a_tail_with_its_tombstones(
    served: RunningPlane, store: Store, put: Callable[..., int], reading: Any
) -> None:
    put({"1": {"a": 1}, "2": {}})
    with reading(served) as reader:
        reader.batch()
        put({"1": {"a": 2}, "2": None})
        lines = reader.batch()
    assert lines == [
        {"type": "begin", "store": store_id(store), "mode": "tail", "revision": 2},
        {"type": "record", "kind": "app", "key": "1", "revision": 2, "body": {"a": 2}},
        {"type": "record", "kind": "app", "key": "2", "revision": 2, "body": None},
        {"type": "commit", "revision": 2, "digest": digest(reader)},
    ]


def test_an_engine_that_comes_back_gets_what_it_missed(
    served: RunningPlane, store: Store, put: Callable[..., int], reading: Any
) -> None:
    put({"1": {}})
    put({"2": {}})
    with reading(served, store_id(store), after=1) as reader:
        lines = reader.batch()
    assert [line.get("mode", line.get("key")) for line in lines] == ["tail", "2", None]


def test_an_engine_that_missed_nothing_still_learns_the_hash(
    served: RunningPlane, store: Store, put: Callable[..., int], reading: Any
) -> None:
    put({"1": {}})
    with reading(served, store_id(store), after=1) as reader:
        begin, commit = reader.batch()
    assert (begin["mode"], commit["digest"]) == ("tail", f"{record_digest('app', '1', '{}'):032x}")


@pytest.mark.parametrize(("of_this_store", "after"), [(False, 1), (True, 0), (True, 7), (True, 1)])
def test_whoever_cannot_be_given_a_tail_gets_a_snapshot(
    served: RunningPlane, store: Store, put: Callable[..., int], of_this_store: bool, after: int, reading: Any
) -> None:
    for key in "123":
        put({key: {}})
    with store.write() as transaction:
        transaction.connection.execute(update(schema.store_identity).values(floor=2))
    with reading(served, store_id(store) if of_this_store else "another", after) as reader:
        assert reader.batch()[0]["mode"] == "snapshot"


def test_many_changes_in_a_storm_end_with_the_right_plan(
    served: RunningPlane, put: Callable[..., int], reading: Any
) -> None:
    last = 0
    with reading(served) as reader, reading(served, node="n2") as other:
        for number in range(60):
            last = put({str(number % 7): {"n": number} if number % 5 else None})
        for each in (reader, other):
            while (commit := each.batch()[-1])["revision"] < last:
                assert commit["digest"] == digest(each)
            assert commit["digest"] == digest(each)


def test_an_idle_feed_pings(served: RunningPlane, reading: Any) -> None:
    with reading(served) as reader:
        reader.batch()
        assert [reader.line(), reader.line()] == [{"type": "ping"}] * 2


def test_a_change_wakes_the_feed_at_once(store: Store, put: Callable[..., int], reading: Any, running: Any) -> None:
    # No ping comes within the client's patience, so only the commit can bring the change.
    with running(Plane(store, TOKEN, PlaneTimes(ping=10 * DEADLINE))) as served, reading(served) as reader:
        reader.batch()
        put({"1": {}})
        assert reader.batch()[1]["key"] == "1"


def test_a_change_by_another_control_plane_is_found(served: RunningPlane, store: Store, reading: Any) -> None:
    other = Store(store._engine, store.keyring, store.nonces)
    with reading(served) as reader:
        reader.batch()
        with other.write() as transaction:
            transaction.records.put("app", "9", {})
        assert reader.batch()[1]["key"] == "9"


def test_a_large_plan_streams_and_agrees(served: RunningPlane, put: Callable[..., int], reading: Any) -> None:
    put({str(number): {"text": "x" * 200} for number in range(5000)})
    with reading(served) as reader:
        assert reader.batch()[-1]["digest"] == digest(reader)
    assert len(reader.plan) == 5000


@pytest.mark.parametrize("header", [{}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {TOKEN}"}])
def test_without_the_token_nothing_is_told(served: RunningPlane, header: dict[str, str]) -> None:
    with httpx.Client(base_url=served.url, headers=header, trust_env=False) as client:
        answers = [client.get("/plane/v1/feed?node=n1"), client.post("/plane/v1/report", content=b"{}")]
    assert [(answer.status_code, answer.headers["www-authenticate"]) for answer in answers] == [(401, "Bearer")] * 2
    assert "engine token" in answers[0].json()["error"]


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"after": "1"}, "node must be"),
        ({"node": "a b"}, "node must be"),
        ({"node": "n", "after": "-1"}, "after must be"),
        ({"node": "n", "after": "x"}, "after must be"),
        ({"node": "n", "after": "9" * 40}, "after must be"),
    ],
)
def test_a_bad_question_is_answered_clearly(served: RunningPlane, parameters: dict[str, str], text: str) -> None:
    with served.client() as client:
        answer = client.get("/plane/v1/feed", params=parameters)
    assert answer.status_code == 400
    assert text in answer.json()["error"]


def test_an_engine_that_stops_reading_is_cut_off(store: Store, put: Callable[..., int], running: Any) -> None:
    put({str(number): {"text": "x" * 20000} for number in range(1000)})
    times = PlaneTimes(ping=0.1, stall=0.3)
    with running(Plane(store, TOKEN, times)) as served:
        host, port = served.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=DEADLINE) as connection:
            request = f"GET /plane/v1/feed?node=n HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
            connection.sendall(request.encode())
            wait_until(lambda: checked_out(store) == 1)
            wait_until(lambda: checked_out(store) == 0)


def test_an_engine_that_goes_away_in_the_middle_leaves_nothing_open(
    served: RunningPlane, store: Store, put: Callable[..., int], reading: Any
) -> None:
    put({str(number): {"text": "x" * 20000} for number in range(500)})
    with reading(served) as reader:
        assert reader.line()["type"] == "begin"
    wait_until(lambda: checked_out(store) == 0)


def checked_out(store: Store) -> int:
    pool: Any = store._engine.pool
    return int(pool.checkedout())


def wait_until(condition: Callable[[], bool]) -> None:
    import threading
    import time

    pause, end = threading.Event(), time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "the condition did not come true"
        pause.wait(0.01)
