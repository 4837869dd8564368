"""What a collector of traces gets of a record."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from collector import Collector, attributes
from isthmus.processes.span_export import SpanExport
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.proto.trace.v1.trace_pb2 import Status as SpanStatus

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
RECORD: dict[str, Any] = {
    "request_id": "4BF92F35-77B3-4DA6-A3CE-929D0E0E4736",
    "time": 1_795_000_000_123,
    "status": 200,
    "completed": True,
    "scheme": "HTTPS",
    "app_id": 7,
    "request_bytes": 0,
    "response_bytes": 1024,
    "total_us": 5000,
    "before_backend_us": 300,
    "connect_us": 200,
    "backend_us": 4000,
    "client_ip": "192.0.2.1",
    "method": "GET",
    "domain": "api.example.com",
    "path": "/users/7",
    "query": "",
    "group_id": "g1",
    "api_id": "a1",
    "api_name": "users",
    "stage": "RELEASE",
    "version": "20261124090000000",
    "error_code": "",
    "backend": "nginx:80",
    "plugin": "",
    "context": {
        "trace_id": TRACE,
        "parent": "00f067aa0ba902b7",
        "span": "00000000000000aa",
        "backend_span": "00000000000000bb",
    },
}


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


def exported(collector: Collector, record: dict[str, Any], count: int) -> list[Span]:
    waiting = [[json.dumps(record)]]
    export = SpanExport.to(collector.url, lambda _: waiting.pop() if waiting else [], "gw-1")
    export.start()
    export.stop()
    return collector.wait_for(TRACE, count)


def test_a_request_is_a_span_of_its_callers_trace_with_the_backend_below(collector: Collector) -> None:
    own, backend = exported(collector, RECORD, 2)
    assert collector.paths == {"/v1/traces"}
    assert (own.name, own.kind, own.span_id.hex()) == ("GET users", Span.SPAN_KIND_SERVER, "00000000000000aa")
    assert own.parent_span_id.hex() == "00f067aa0ba902b7"
    assert own.start_time_unix_nano == 1_795_000_000_123_000_000
    assert own.end_time_unix_nano - own.start_time_unix_nano == 5_000_000
    shown = attributes(own)
    assert shown["http.response.status_code"] == 200
    assert shown["isthmus.request_id"] == RECORD["request_id"]
    assert (shown["url.scheme"], shown["isthmus.app_id"]) == ("https", 7)
    assert "error.type" not in shown
    assert (backend.kind, backend.parent_span_id) == (Span.SPAN_KIND_CLIENT, own.span_id)
    assert backend.start_time_unix_nano - own.start_time_unix_nano == 300_000
    assert backend.end_time_unix_nano - backend.start_time_unix_nano == 4_000_000
    [resource] = {attributes(one.resource)["service.instance.id"] for one in collector.requests[0].resource_spans}
    assert resource == "gw-1"


def test_a_trace_that_begins_here_has_no_parent(collector: Collector) -> None:
    context = {**RECORD["context"], "parent": "0" * 16}
    own = exported(collector, {**RECORD, "context": context}, 2)[0]
    assert own.parent_span_id == b""


def test_an_error_of_the_gateway_or_a_backend_is_one_and_a_refused_caller_is_none(collector: Collector) -> None:
    failed = exported(collector, {**RECORD, "status": 504, "error_code": "D504TO"}, 2)
    assert [span.status.code for span in failed] == [SpanStatus.STATUS_CODE_ERROR] * 2
    assert attributes(failed[0])["error.type"] == "D504TO"
    collector.requests.clear()
    [refused] = exported(collector, {**RECORD, "status": 403, "error_code": "A403AA", "backend": ""}, 1)
    assert refused.status.code == SpanStatus.STATUS_CODE_UNSET


def test_steps_that_took_time_follow_one_another(collector: Collector) -> None:
    step = {"verdict": "passed", "rule": "", "plugin_name": "", "facts": []}
    steps = [
        {**step, "step": "api", "microseconds": 0},
        {**step, "step": "identity", "microseconds": 40, "facts": [{"name": "app key", "value": "k"}]},
        {**step, "step": "plug-in", "microseconds": 60, "plugin_name": "office", "rule": "r1"},
        {**step, "step": "attempt", "microseconds": 4000},
    ]
    found = exported(collector, {**RECORD, "trace": {"steps": steps}}, 4)
    below = {span.name: span for span in found if span.kind == Span.SPAN_KIND_INTERNAL}
    assert set(below) == {"identity", "plug-in office"}
    assert below["identity"].end_time_unix_nano == below["plug-in office"].start_time_unix_nano
    assert attributes(below["identity"])["isthmus.app_key"] == "k"
    assert attributes(below["plug-in office"])["isthmus.rule"] == "r1"
    assert len({span.span_id for span in found}) == 4


def test_a_collector_that_is_away_is_named_once_and_nothing_stops(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    waiting = [[json.dumps(RECORD)], [json.dumps(RECORD)]]
    with caplog.at_level(logging.WARNING, "isthmus.spans"):
        export = SpanExport.to(url, lambda _: waiting.pop() if waiting else [], "gw-1", patience=0.5)
        export.start()
        export.stop()
    assert not waiting
    assert len([one for one in caplog.records if one.name == "isthmus.spans"]) == 1
