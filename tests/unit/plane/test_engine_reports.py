"""What engines say, and the wait of a publish for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from isthmus.plane import Plane, PlaneTimes
from isthmus.plane.ledger import Ledger
from isthmus.plane.reports import EngineReport, Reports
from isthmus.store import Store

if TYPE_CHECKING:
    from conftest import RunningPlane

TOKEN = "t" * 40
DEADLINE = 20.0


def report(served: RunningPlane, source: Store, node: str, revision: int, **other: Any) -> None:
    with source.read() as transaction:
        now, digest = Ledger().advance(transaction)
    fields = {"node": node, "store": now.store_id, "revision": revision, "digest": digest} | other
    answer = served.report(**fields)
    assert (answer.status_code, answer.text) == (204, "")


def test_without_engines_a_publish_waits_for_nobody(served: RunningPlane, put: Callable[..., int]) -> None:
    assert served.wait_served(put({"1": {}})) == []


def test_a_publish_waits_until_the_engine_serves_it(store: Store, put: Callable[..., int], running: Any) -> None:
    with running(Plane(store, TOKEN, PlaneTimes(publish_wait=DEADLINE, healthy_for=60))) as served:
        report(served, store, "n1", 0)
        revision = put({"1": {}})
        waiting = served.start_waiting(revision)
        report(served, store, "n1", 0)
        assert not waiting.done()
        report(served, store, "n1", revision)
        assert waiting.result(DEADLINE) == []


def test_a_lagging_engine_is_named_after_a_bounded_wait(
    served: RunningPlane, store: Store, put: Callable[..., int]
) -> None:
    revision = put({"1": {}})
    report(served, store, "slow", revision - 1)
    report(served, store, "quick", revision)
    assert served.wait_served(revision) == ["slow"]


@pytest.mark.parametrize("wrong", [{"digest": "0" * 32}, {"store": "another"}])
def test_an_engine_with_another_content_does_not_serve(
    served: RunningPlane, store: Store, put: Callable[..., int], wrong: dict[str, str], reading: Any
) -> None:
    revision = put({"1": {}})
    with reading(served) as reader:
        reader.batch()
    report(served, store, "n1", revision, **wrong)
    assert served.wait_served(revision) == ["n1"]
    assert served.plane.engines()[0]["state"] == "lagging"


def test_an_engine_that_fell_silent_is_not_waited_for(store: Store, put: Callable[..., int], running: Any) -> None:
    times = PlaneTimes(publish_wait=DEADLINE, healthy_for=0.2)
    with running(Plane(store, TOKEN, times)) as served:
        report(served, store, "n1", 0, egress={"vpc-a": ["192.0.2.1"]})
        assert served.wait_served(put({"1": {}})) == []
        assert served.plane.engines()[0]["state"] == "silent"
        assert served.plane.egress_addresses("vpc-a") == []


def test_a_refused_record_does_not_hold_the_publish_and_is_told(
    served: RunningPlane, store: Store, put: Callable[..., int]
) -> None:
    put({"0": {}})
    revision = put({"1": {}})
    refused = [
        {"kind": "app", "key": "1", "revision": revision, "reason": "name: missing"},
        {"kind": "app", "key": "0", "revision": 1, "reason": "old trouble"},
    ]
    report(served, store, "n1", revision, refused=refused)
    assert served.wait_served(revision) == []
    assert served.plane.engines()[0]["refused"] == refused
    expected = [{"node": "n1", "kind": "app", "key": "1", "reason": "name: missing"}]
    assert served.plane.refusals_at(revision) == expected


def test_engines_show_what_they_said(served: RunningPlane, store: Store, put: Callable[..., int], reading: Any) -> None:
    revision = put({"1": {}})
    with reading(served) as reader:
        reader.batch()
    report(served, store, "b", revision, egress={"vpc-a": ["192.0.2.2", "192.0.2.1"]}, version="1.0", started_at=5)
    report(
        served,
        store,
        "a",
        revision,
        egress={"vpc-a": ["192.0.2.1"]},
        disk_problem="disk full",
        counts={"panics": 2, "new": 1},
    )
    first, second = served.plane.engines()
    assert (first["node"], first["state"], first["revision"], first["disk_problem"]) == ("a", "serving", 1, "disk full")
    assert (second["node"], second["version"], second["started_at"]) == ("b", "1.0", 5)
    assert first["counts"] == {"panics": 2}
    assert first["last_seen"] > 1_600_000_000_000
    assert served.plane.egress_addresses("vpc-a") == ["192.0.2.1", "192.0.2.2"]
    assert served.plane.egress_addresses("vpc-b") == []


def test_an_instance_has_the_addresses_of_its_own_engines(
    served: RunningPlane, store: Store, put: Callable[..., int]
) -> None:
    revision = put({"1": {}})
    for node, instance, address in (("a", "", "192.0.2.1"), ("b", "i-1", "192.0.2.2"), ("c", "i-2", "192.0.2.3")):
        report(served, store, node, revision, egress={"vpc-a": [address]}, instance=instance)
    assert [one["instance"] for one in served.plane.engines()] == ["", "i-1", "i-2"]
    # One that serves every group serves this one's, too.
    assert served.plane.egress_addresses("vpc-a", "i-1") == ["192.0.2.1", "192.0.2.2"]
    assert served.plane.egress_addresses("vpc-a") == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100000, "not JSON"),
        (b"[]", "must be a JSON object"),
        (b"{}", "node must be of the type str"),
        (json.dumps({"node": "a b", "store": "", "revision": 1, "digest": ""}).encode(), "node must be 1 to 128"),
        (json.dumps({"node": "a", "store": "", "revision": True, "digest": ""}).encode(), "revision must be"),
        (json.dumps({"node": "a", "store": "", "revision": 1, "digest": "", "egress": {"v": 1}}).encode(), "egress.v"),
        (json.dumps({"node": "a", "store": "", "revision": 1, "digest": "", "refused": [1]}).encode(), "refused must"),
        (
            json.dumps({"node": "a", "store": "", "revision": 1, "digest": "", "counts": {"panics": -1}}).encode(),
            "counts",
        ),
    ],
)
def test_a_report_that_cannot_be_read_is_refused_clearly(served: RunningPlane, body: bytes, text: str) -> None:
    with served.client() as client:
        answer = client.post("/plane/v1/report", content=body)
    assert answer.status_code == 400
    assert text in answer.json()["error"]
    assert served.plane.engines() == []


def test_a_report_that_is_too_long_is_refused(served: RunningPlane) -> None:
    with served.client() as client:
        assert client.post("/plane/v1/report", content=b" " * (5 * 1024 * 1024)).status_code == 413


def test_an_engine_unheard_of_for_a_day_is_forgotten() -> None:
    now = [0.0]
    reports = Reports(Ledger(), healthy_for=10, clock=lambda: now[0])
    reports.note(EngineReport(node="old", store="", revision=0, digest=""))
    now[0] = 25 * 3600.0
    reports.note(EngineReport(node="new", store="", revision=0, digest=""))
    assert [engine["node"] for engine in reports.engines()] == ["new"]
