"""`isthmus engine`: the Rust engine in a small Python process.

It starts from its own copy of the plan and needs no control plane to serve; SIGTERM drains it and it exits with 0.
Started as root it may become another user once it listens (`unprivileged.py`).
"""

from __future__ import annotations

import signal
import socket
import threading
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from isthmus import native
from isthmus.engine_token import engine_token
from isthmus.logs import log_to_stderr
from isthmus.processes import state
from isthmus.processes.keyring import open_keyring
from isthmus.processes.unprivileged import from_inside, move_in, read_user
from isthmus.settings import Settings

if TYPE_CHECKING:
    from isthmus.processes.span_export import SpanExport


def engine_document(settings: Settings) -> dict[str, Any]:
    """The engine's own settings (`crates/engine/src/settings.rs`)."""
    keyring = open_keyring(settings.state)
    return {
        "node": settings.node or socket.gethostname()[:64],
        "http": str(settings.http),
        "https": None if settings.https is None else str(settings.https),
        "health": None if settings.health is None else str(settings.health),
        "threads": settings.engine_threads,
        "state": str(state.engine_path(settings.state, settings.instance).absolute()),
        "instance": settings.instance or None,
        "state_key": keyring.derive("engine/disk").hex(),
        "feed": {"url": settings.control_url, "token": engine_token(settings.state)},
        "access_log": _access_log(settings),
        "records": {"bytes": settings.record_size, "age_ms": _milliseconds(settings.record_age)},
        "traces": {"slow_ms": _milliseconds(settings.trace_slow), "one_in": settings.trace_sample},
        "spans": {"one_in": settings.otlp_sample} if settings.otlp_url else None,
        "signature_window_ms": _milliseconds(settings.signature_window),
        "nonce_window_ms": _milliseconds(settings.nonce_window),
        "automatic_domain_quota": settings.automatic_domain_quota,
        "request_body_limit": settings.request_body_limit,
        "connect_timeout_ms": _milliseconds(settings.connect_timeout),
        "function_url": settings.function_url or None,
        "discovery_interval_ms": _milliseconds(settings.discovery_interval),
        "nacos_credentials_file": _text(settings.nacos_credentials_file),
        "name_servers": [one for one in settings.name_servers.split(",") if one],
        "backend_ca_file": _text(settings.backend_ca_file),
        "backend_certificate_file": _text(settings.backend_certificate_file),
        "backend_key_file": _text(settings.backend_key_file),
        "client_timeout_ms": _milliseconds(settings.client_timeout),
        "connections_per_address": settings.connections_per_address,
        "internal_networks": [one for one in settings.internal_networks.split(",") if one],
        "stream_idle_ms": _milliseconds(settings.stream_idle),
        "drain_ms": _milliseconds(settings.drain),
        "loopback_backends": settings.loopback_backends,
        "gives_up_capabilities": True,
        "run_as": read_user(settings.engine_user),
        "own_addresses": [str(one) for one in (settings.admin, settings.admin_https) if one is not None],
        "refusal_body": settings.refusal_body,
    }


def run_engine(settings: Settings, ready_file: Path | None) -> None:
    """Serves until SIGTERM or SIGINT. Raises: OSError, ValueError, StateError when it cannot start."""
    state.prepare(settings.state)
    log_to_stderr(settings.log_level, settings.log_format)
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    document = engine_document(settings)
    if document["run_as"] is not None:
        folder = state.engine_path(settings.state, settings.instance)
        ready_file = None if ready_file is None else from_inside(ready_file, folder)
        move_in(folder, document["run_as"])
        document["state"] = "."
    collector = _collector(settings)
    engine = native.Engine(document)
    addresses = engine.start()
    # Loading OpenTelemetry runs threads, and there must be none while the engine gives its rights up.
    export = _span_export(collector, settings.node, engine) if collector else None
    if export is not None:
        export.start()
    if ready_file is not None:
        state.write_json(ready_file, dict(addresses))
    # Signals are delivered between waits; an engine that lost a thread must not look alive.
    while not stopping.wait(0.2):
        if not engine.alive():
            raise OSError("a thread of the engine ended unexpectedly")
    engine.stop()
    if export is not None:
        export.stop()
    if ready_file is not None:
        ready_file.unlink(missing_ok=True)


def _collector(settings: Settings) -> str:
    """Empty when no spans are sent. Raises: ValueError."""
    if settings.otlp_url and not settings.otlp_url.startswith(("http://", "https://")):
        raise ValueError(f"otlp_url: {settings.otlp_url!r} is no URL such as http://127.0.0.1:4318")
    return settings.otlp_url


def _span_export(collector: str, node: str, engine: native.Engine) -> SpanExport:
    # Loading it costs memory that an engine without it need not have.
    from isthmus.processes.span_export import SpanExport

    return SpanExport.to(collector, engine.take_sampled, node or socket.gethostname())


def _access_log(settings: Settings) -> dict[str, Any] | None:
    if settings.access_log is None:
        return None
    path = "-" if str(settings.access_log) == "-" else str(settings.access_log.absolute())
    return {"path": path, "bytes": settings.access_log_size, "files": settings.access_log_files}


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())


def _milliseconds(duration: timedelta) -> int:
    return int(duration / timedelta(milliseconds=1))
