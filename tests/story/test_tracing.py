"""Distributed traces: from a caller through the gateway to a backend, and all of it in a collector."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from collector import Collector, attributes
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from running import Running
from walk import Walk

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(scope="module")
def backend() -> Iterator[int]:
    """The port of a service that answers with the headers it got."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(shown)))
            self.end_headers()
            self.wfile.write(shown)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("traced")
    running = Running.start(folder, "--otlp-url", collector.url, "--otlp-sample", "1")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def walk(traced: Running, backend: int) -> Walk:
    return Walk.played(traced.client(), "vpc-traced", backend, "-traced")


def test_a_callers_trace_goes_on_to_the_backend_and_into_the_collector(
    traced: Running, walk: Walk, collector: Collector
) -> None:
    sent = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "tracestate": "vendor=1"}
    answer = traced.get(f"/nginx?AppCode={walk.app_code}", walk.domain, **sent)
    seen = answer.json()
    own, below = collector.wait_for(TRACE, 2)[:2]
    assert (own.kind, own.parent_span_id.hex()) == (Span.SPAN_KIND_SERVER, "00f067aa0ba902b7")
    assert seen["traceparent"] == f"00-{TRACE}-{below.span_id.hex()}-01"
    assert seen["tracestate"] == "vendor=1"
    assert below.parent_span_id == own.span_id
    assert attributes(own)["isthmus.request_id"] == answer.headers["x-ca-request-id"]
    assert walk.app_code not in str(collector.requests)


def test_a_request_without_a_trace_begins_one_with_its_request_id(
    traced: Running, walk: Walk, collector: Collector
) -> None:
    answer = traced.get("/nginx", walk.domain)
    trace = answer.headers["x-ca-request-id"].replace("-", "").lower()
    [own] = [span for span in collector.wait_for(trace) if span.kind == Span.SPAN_KIND_SERVER]
    assert own.parent_span_id == b""
    assert attributes(own)["error.type"] == answer.headers["x-ca-error-code"]


def test_a_trace_that_its_caller_does_not_sample_is_left_alone(
    traced: Running, walk: Walk, collector: Collector
) -> None:
    unsampled = f"00-{TRACE[::-1]}-00f067aa0ba902b7-00"
    answer = traced.get(f"/nginx?AppCode={walk.app_code}", walk.domain, traceparent=unsampled)
    assert answer.json()["traceparent"] == unsampled
    after = traced.get("/nginx", walk.domain).headers["x-ca-request-id"].replace("-", "").lower()
    collector.wait_for(after)
    assert TRACE[::-1] not in {span.trace_id.hex() for span in collector.spans()}


def test_without_a_collector_headers_of_traces_go_through(gateway: Running, backend: int) -> None:
    walk = Walk.played(gateway.client(), "vpc-untraced", backend, "-untraced")
    given = f"00-{TRACE}-00f067aa0ba902b7-01"
    answer = gateway.get(f"/nginx?AppCode={walk.app_code}", walk.domain, traceparent=given)
    assert answer.json()["traceparent"] == given
