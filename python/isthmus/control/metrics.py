"""What the control plane exports to Prometheus at `/metrics` of its admin listener.

Engines as they report (state, revision, lag), the store's revision, and management calls by operation and outcome.
`CountedDispatcher` stands before the real one. Labels are bounded: names of engines, of operations of the catalogue and of
error codes; never who calls, or with what.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from isthmus.catalog import Operation, Params
from isthmus.errors import ApiError
from isthmus.wire.app import Caller, Dispatcher, Identity, Outcome
from isthmus.wire.signature import AccessKey

_STATES = ("serving", "lagging", "silent")


class _Engines:
    """Reads what engines report when somebody asks."""

    def __init__(self, engines: Callable[[], list[dict[str, Any]]], revision: Callable[[], int]) -> None:
        self._engines = engines
        self._revision = revision

    def collect(self) -> Iterator[Metric]:
        newest, engines = self._revision(), self._engines()
        yield GaugeMetricFamily("isthmus_store_revision", "Newest revision of the plan", value=newest)
        states = GaugeMetricFamily("isthmus_engines", "Engines by state", labels=["state"])
        for state in _STATES:
            states.add_metric([state], sum(engine["state"] == state for engine in engines))
        yield states
        lags = GaugeMetricFamily("isthmus_engine_lag", "Revisions that an engine is behind", labels=["node"])
        refused = GaugeMetricFamily(
            "isthmus_engine_refused_records", "Records of the plan that an engine refuses", labels=["node"]
        )
        for engine in engines:
            lags.add_metric([engine["node"]], max(0, newest - engine["revision"]))
            refused.add_metric([engine["node"]], len(engine["refused"]))
        yield lags
        yield refused


class CountedDispatcher:
    """Counts what passes through it."""

    def __init__(self, dispatcher: Dispatcher, registry: CollectorRegistry) -> None:
        self._dispatcher = dispatcher
        self._calls = Counter("isthmus_management_calls", "Management calls", ["operation", "code"], registry=registry)
        self._durations = Histogram(
            "isthmus_management_call_seconds", "Time of management calls", ["operation"], registry=registry
        )

    def access_key(self, access_key_id: str) -> AccessKey | None:
        return self._dispatcher.access_key(access_key_id)

    def session(self, token: str, csrf: str) -> Identity:
        """Raises: ApiError."""
        return self._dispatcher.session(token, csrf)

    async def run(self, operation: Operation, params: Params, caller: Caller) -> Outcome:
        """Raises: ApiError."""
        began, code = time.perf_counter(), "InternalError"
        try:
            outcome = await self._dispatcher.run(operation, params, caller)
            code = "OK"
            return outcome
        except ApiError as error:
            # What stands behind the first word names a parameter or a resource.
            code = error.code.split(".", 1)[0]
            raise
        finally:
            self._calls.labels(operation.name, code).inc()
            self._durations.labels(operation.name).observe(time.perf_counter() - began)


def metrics_registry(engines: Callable[[], list[dict[str, Any]]], revision: Callable[[], int]) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Engines(engines, revision))
    return registry


def metrics_page(registry: CollectorRegistry) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        # It asks the store for its revision.
        text = await run_in_threadpool(generate_latest, registry)
        return Response(text, headers={"content-type": CONTENT_TYPE_LATEST})

    return answer
