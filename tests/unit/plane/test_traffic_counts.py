"""What engines count by the minute: kept once for each word, folded into hours, and read as sums."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from isthmus.plane.reports import ReportError
from isthmus.plane.traffic import read_minute
from isthmus.store import Store
from isthmus.store.traffic import (
    HOUR,
    MINUTE,
    ApiCounts,
    AppCounts,
    Counts,
    Minute,
    api_points,
    app_points,
    fold,
    keep_minute,
)

if TYPE_CHECKING:
    from conftest import RunningPlane

NOW = 1_795_000_020_000 // MINUTE * MINUTE


def minute(at: int, calls: int, node: str = "n1", api_id: str = "a") -> Minute:
    counts = Counts(answers_2xx=calls, bytes_out=10 * calls, total_us=1000 * calls)
    return Minute(node, at, [ApiCounts("g", "i", api_id, "RELEASE", counts)], [AppCounts(7, counts)])


def put(store: Store, *minutes: Minute) -> None:
    for one in minutes:
        with store.write() as transaction:
            keep_minute(transaction, one)


def calls(store: Store, since: int = 0, until: int = 2 * NOW, **where: str) -> list[tuple[int, int, int]]:
    with store.read() as transaction:
        points = api_points(transaction, since, until, **where)
        return [(point.at, point.step, point.counts.answers_2xx) for point in points]


def test_the_newest_word_about_a_minute_counts(store: Store) -> None:
    put(store, minute(NOW, 3), minute(NOW, 5), minute(NOW, 1, node="n2"))
    assert calls(store) == [(NOW, MINUTE, 6)]


def test_points_are_those_of_the_time_and_of_what_is_asked_for(store: Store) -> None:
    put(store, minute(NOW, 3), minute(NOW + MINUTE, 4), minute(NOW + 2 * MINUTE, 5, api_id="b"))
    assert calls(store, NOW, NOW + MINUTE) == [(NOW, MINUTE, 3)]
    assert calls(store, api_id="b") == [(NOW + 2 * MINUTE, MINUTE, 5)]
    assert calls(store, group_id="g", stage="PRE") == []
    with store.read() as transaction:
        assert [point.counts.total_us for point in app_points(transaction, 0, 2 * NOW, 7)] == [3000, 4000, 5000]


def test_old_minutes_become_hours_of_the_same_sum_and_go_after_a_month(store: Store) -> None:
    with store.read() as transaction:
        now = transaction.now
    hour = (now - 3 * 24 * HOUR) // HOUR * HOUR
    old, gone = [minute(hour + step * MINUTE, step + 1) for step in range(3)], minute(now - 31 * 24 * HOUR, 9)
    put(store, *old, minute(hour, 10, node="n2"), minute(now - MINUTE, 2), gone)
    for _ in range(2):
        with store.write() as transaction:
            fold(transaction)
        assert calls(store) == [(hour, HOUR, 16), (now - MINUTE, MINUTE, 2)]


def document(**changes: Any) -> bytes:
    row = {
        "group_id": "g",
        "instance_id": "i",
        "api_id": "a",
        "stage": "RELEASE",
        "classes": [0, 1, 0, 0, 0],
        "durations": [0] * 11 + [1],
    }
    whole = {"node": "n", "minute": NOW // MINUTE, "apis": [row], "apps": [{"app_id": 7, "classes": [0] * 5}]}
    return json.dumps(whole | changes).encode()


@pytest.mark.parametrize(
    "wrong",
    [
        b"{",
        b"[]",
        document(node="a b"),
        document(minute=0),
        document(minute="x"),
        document(apis={}),
        document(apis=[1]),
        document(apis=[{"api_id": "a"}]),
        document(apps=[{"app_id": -1, "classes": [0] * 5}]),
        document(apps=[{"app_id": 2**63, "classes": [0] * 5}]),
        document(apps=[{"app_id": 1, "classes": [0, 0, 0, 0, True]}]),
        document(apps=[{"app_id": 1, "classes": [0] * 4}]),
    ],
)
def test_counts_that_cannot_be_read_are_refused_with_what_is_wrong(wrong: bytes) -> None:
    with pytest.raises(ReportError, match=r"."):
        read_minute(wrong, NOW)


def test_a_report_of_counts_is_kept(served: RunningPlane, store: Store) -> None:
    with store.read() as transaction:
        now = transaction.now // MINUTE * MINUTE
    with served.client() as client:
        answer = client.post("/plane/v1/traffic", content=document(minute=now // MINUTE))
        assert (answer.status_code, answer.text) == (204, "")
        assert client.post("/plane/v1/traffic", content=b"{").status_code == 400
    with served.client("wrong") as client:
        assert client.post("/plane/v1/traffic", content=document()).status_code == 401
    with store.read() as transaction:
        (point,) = api_points(transaction, now, now + MINUTE, api_id="a")
    assert point.counts.calls == 1
