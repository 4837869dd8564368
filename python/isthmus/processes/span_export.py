"""Spans of sampled requests, from the engine of this process to an OpenTelemetry collector.

`engine_host` starts it when the setting `otlp_url` names a collector. The engine's writer puts the record of each
sampled request aside; a thread here takes them, makes OpenTelemetry's spans of them and leaves sending, packing and
trying again to the vendor-neutral exporter (OTLP over HTTP). Names of attributes are OpenTelemetry's semantic
conventions where there is one, `isthmus.…` otherwise. Invariant: what a collector does never reaches a request.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from isthmus import __version__

log = logging.getLogger("isthmus.spans")

_PAUSE_SECONDS = 1.0
# Of one send; the exporter tries again within it.
_PATIENCE_SECONDS = 10.0
_BATCH = 512
_SCOPE = InstrumentationScope("isthmus")


class SpanExport:
    """Takes records (JSON texts of the engine) until it is stopped."""

    def __init__(self, take: Callable[[int], Sequence[str]], exporter: SpanExporter, node: str) -> None:
        self._take = take
        self._exporter = exporter
        self._resource = Resource.create(
            {"service.name": "isthmus-engine", "service.instance.id": node, "service.version": __version__}
        )
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="spans", daemon=True)
        self._failing = False

    @classmethod
    def to(
        cls, url: str, take: Callable[[int], Sequence[str]], node: str, *, patience: float = _PATIENCE_SECONDS
    ) -> SpanExport:
        """To a collector's base URL, such as `http://127.0.0.1:4318`, each send within `patience` seconds.

        `OTEL_EXPORTER_OTLP_…` in the environment adds headers, certificates and compression.
        """
        return cls(take, OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces", timeout=patience), node)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Sends what is left, for a few seconds at most."""
        self._stopping.set()
        self._thread.join(_PATIENCE_SECONDS)
        self._exporter.shutdown()

    def _run(self) -> None:
        while True:
            last = self._stopping.wait(_PAUSE_SECONDS)
            while records := self._take(_BATCH):
                self._send([span for record in records for span in spans(json.loads(record), self._resource)])
            if last:
                return

    def _send(self, made: list[ReadableSpan]) -> None:
        sent = self._exporter.export(made) is SpanExportResult.SUCCESS
        if not sent and not self._failing:
            log.warning("the collector of traces does not take them; %d spans are lost, more may follow", len(made))
        self._failing = not sent


def spans(record: dict[str, Any], resource: Resource) -> Iterator[ReadableSpan]:
    """The spans of one request: the gateway's own, one for each step that took time, and the call of the backend."""
    context = record["context"]
    start = record["time"] * 1_000_000
    own = _span_context(context["trace_id"], context["span"])
    parent = int(context["parent"], 16)
    yield ReadableSpan(
        name=f"{record['method']} {record['api_name']}".strip(),
        context=own,
        parent=_span_context(context["trace_id"], context["parent"], remote=True) if parent else None,
        kind=SpanKind.SERVER,
        resource=resource,
        attributes=_attributes(record),
        status=Status(StatusCode.ERROR, record["error_code"] or None) if record["status"] >= 500 else Status(),
        start_time=start,
        end_time=start + record["total_us"] * 1000,
        instrumentation_scope=_SCOPE,
    )
    if record["backend"]:
        sent = start + record["before_backend_us"] * 1000
        failed = bool(record["error_code"]) and record["status"] >= 500
        yield ReadableSpan(
            name=record["method"],
            context=_span_context(context["trace_id"], context["backend_span"]),
            parent=own,
            kind=SpanKind.CLIENT,
            resource=resource,
            attributes={
                "http.request.method": record["method"],
                "server.address": record["backend"],
                "isthmus.connect_us": record["connect_us"],
            },
            status=Status(StatusCode.ERROR, record["error_code"]) if failed else Status(),
            start_time=sent,
            end_time=sent + record["backend_us"] * 1000,
            instrumentation_scope=_SCOPE,
        )
    yield from _steps(record, own, resource)


def _steps(record: dict[str, Any], own: SpanContext, resource: Resource) -> Iterator[ReadableSpan]:
    """Steps follow one another; the attempt at a backend is a span already."""
    at = record["time"] * 1_000_000
    for number, step in enumerate((record.get("trace") or {}).get("steps", ()), 1):
        end = at + step["microseconds"] * 1000
        if step["microseconds"] and step["step"] != "attempt":
            facts = {f"isthmus.{fact['name'].replace(' ', '_')}": fact["value"] for fact in step["facts"]}
            yield ReadableSpan(
                name=f"{step['step']} {step['plugin_name']}".strip(),
                # Ids of the same request differ in their last digits only.
                context=SpanContext(own.trace_id, (own.span_id + number) % 2**64 or 1, False, own.trace_flags),
                parent=own,
                kind=SpanKind.INTERNAL,
                resource=resource,
                attributes={"isthmus.verdict": step["verdict"], "isthmus.rule": step["rule"], **facts},
                start_time=at,
                end_time=end,
                instrumentation_scope=_SCOPE,
            )
        at = end


def _attributes(record: dict[str, Any]) -> dict[str, str | int]:
    known: dict[str, str | int | None] = {
        "http.request.method": record["method"],
        "http.response.status_code": record["status"],
        "http.request.body.size": record["request_bytes"],
        "http.response.body.size": record["response_bytes"],
        "url.scheme": record["scheme"].lower(),
        "url.path": record["path"],
        "url.query": record["query"],
        "server.address": record["domain"],
        "client.address": record["client_ip"],
        "error.type": record["error_code"],
        "isthmus.request_id": record["request_id"],
        "isthmus.group_id": record["group_id"],
        "isthmus.api_id": record["api_id"],
        "isthmus.stage": record["stage"],
        "isthmus.edition": record["version"],
        "isthmus.app_id": record["app_id"],
        "isthmus.plugin": record["plugin"],
    }
    return {name: value for name, value in known.items() if value not in ("", None)}


def _span_context(trace_id: str, span_id: str, *, remote: bool = False) -> SpanContext:
    return SpanContext(int(trace_id, 16), int(span_id, 16), remote, TraceFlags(TraceFlags.SAMPLED))
