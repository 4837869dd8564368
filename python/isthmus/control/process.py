"""Assembly and life of the control plane.

Opens the store, makes what a first start needs (administrator's key, certificate of the automatic domains), mounts the
routes, serves until SIGTERM. Nothing here decides anything about a call.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from isthmus.catalog import Catalog
from isthmus.control.certificate import ensure_default_certificate
from isthmus.control.console import console_page
from isthmus.control.downloads import download_routes
from isthmus.control.inventories import inventory_refresher
from isthmus.control.metrics import CountedDispatcher, metrics_page, metrics_registry
from isthmus.control.secured import Certificate
from isthmus.control.sessions import session_routes
from isthmus.hub.desk import Desk
from isthmus.logs import log_to_stderr
from isthmus.operations.call import Call
from isthmus.operations.dispatch import OperationsDispatcher
from isthmus.operations.entrance import Entrance
from isthmus.operations.groups import align_groups
from isthmus.operations.instances import egress_addresses
from isthmus.plane import Plane, PlaneTimes, engine_token
from isthmus.processes import state
from isthmus.processes.opening import open_store
from isthmus.settings import Address, Settings
from isthmus.store import Store
from isthmus.store.access_keys import ensure_administrator
from isthmus.store.audit_retention import Retention
from isthmus.store.users import count_users, make_setup_link
from isthmus.store.watch import Watch
from isthmus.wire.app import WireOptions, create_app

# Request lines carry whole API definitions; h11 counts line and headers together.
_HEAD_LIMIT = 1 << 20
_GRACE_SECONDS = 5


def run_control(settings: Settings, ready_file: Path | None) -> None:
    """Serves until SIGTERM or SIGINT. Raises: OSError, ValueError, StateError when it cannot start."""
    state.prepare(settings.state)
    log_to_stderr(settings.log_level, settings.log_format)
    listener = _listen(settings.admin)
    secured = _secured(settings)
    store = open_store(settings.state, settings.database)
    _first_start(store, settings)
    times = PlaneTimes(publish_wait=settings.publish_wait.total_seconds())
    plane = Plane(store, engine_token(settings.state), times)
    address = Address(*listener.getsockname()[:2])
    # Operations show where the gateway really listens.
    shown = replace(settings, admin=address)
    inventories = inventory_refresher(store, shown, plane)
    dispatcher = OperationsDispatcher(store, shown, plane, _entrance(settings), _desk(settings))
    options = WireOptions(skew_seconds=settings.management_skew.total_seconds(), nonces=dispatcher)
    registry = metrics_registry(plane.engines, store.revision)
    metrics = Route("/metrics", metrics_page(registry))
    console = console_page(settings, address, lambda: _egress_addresses(store, settings, plane))
    sign_in = session_routes(store, settings)
    downloads = download_routes(store, settings, plane)
    health = Route("/healthz", _health(store))
    routes: list[BaseRoute] = [*plane.routes(), health, metrics, *sign_in, *downloads, *console]
    app = create_app(Catalog.load(), CountedDispatcher(dispatcher, registry), time.time, options, routes)
    watch = Watch(store)
    if store.is_shared:
        watch.start()
    retention = Retention(store, settings.audit_retention // timedelta(milliseconds=1))
    if settings.audit_retention:
        retention.start()
    inventories.start()
    asyncio.run(_serve(app, plane, ready_file, listener, secured))
    inventories.stop()
    dispatcher.close()
    retention.stop()
    watch.stop()
    store.close()
    if ready_file is not None:
        ready_file.unlink(missing_ok=True)


async def _serve(
    app: Starlette,
    plane: Plane,
    ready_file: Path | None,
    listener: socket.socket,
    secured: tuple[socket.socket, Certificate] | None,
) -> None:
    """On both ports until a signal comes."""
    ready = {"admin": _address_of(listener)}
    if secured is None:
        await _Server(_config(app), plane, ready, ready_file).serve([listener])
        return
    secured_listener, certificate = secured
    second = _Beside(_config(app, certificate))
    ready["admin_https"] = _address_of(secured_listener)
    server = _Server(_config(app), plane, ready, ready_file, second)
    watching = asyncio.create_task(certificate.watch())
    await asyncio.gather(server.serve([listener]), second.serve([secured_listener]))
    watching.cancel()


def _config(app: Starlette, certificate: Certificate | None = None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        http="h11",
        h11_max_incomplete_event_size=_HEAD_LIMIT,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        ssl_context_factory=None if certificate is None else lambda _config, _default: certificate.context,
    )


class _Beside(uvicorn.Server):
    """Ends when the first one does."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Server(uvicorn.Server):
    """Says when it serves, and ends the engines' feeds before it waits for open connections."""

    def __init__(
        self,
        config: uvicorn.Config,
        plane: Plane,
        ready: Mapping[str, str],
        ready_file: Path | None,
        beside: uvicorn.Server | None = None,
    ) -> None:
        super().__init__(config)
        self._plane = plane
        self._ready = ready
        self._ready_file = ready_file
        self._beside = beside

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ends the server and nothing else: uvicorn's own would raise the signal again, before the store is closed."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._ready_file is not None:
            state.write_json(self._ready_file, dict(self._ready))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._plane.close()
        if self._beside is not None:
            self._beside.should_exit = True
        await super().shutdown(sockets)


def _secured(settings: Settings) -> tuple[socket.socket, Certificate] | None:
    """Where HTTPS is taken, and with which certificate. Raises: OSError, ValueError."""
    chain, key = settings.admin_certificate_file, settings.admin_key_file
    if settings.admin_https is None:
        return None
    if chain is None or key is None:
        raise ValueError("admin_https needs a certificate: set admin_certificate_file and admin_key_file.")
    return _listen(settings.admin_https, "admin_https"), Certificate(chain, key)


def _address_of(listener: socket.socket) -> str:
    return str(Address(*listener.getsockname()[:2]))


def _listen(address: Address, name: str = "admin") -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it an answer waits 40 ms for its body.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address.host, address.port))
        listener.listen(512)
    except OSError as error:
        raise OSError(f"cannot listen on {address} ({name}): {error.strerror}") from error
    return listener


def _first_start(store: Store, settings: Settings) -> None:
    with store.write() as transaction:
        access_key_id, secret = ensure_administrator(transaction)
        ensure_default_certificate(transaction, settings.automatic_domain_suffix)
        align_groups(transaction, settings)
        link = None if count_users(transaction) else make_setup_link(transaction)
    state.write_setup_token(settings.state, link)
    key = {"access_key_id": access_key_id, "access_key_secret": secret}
    path = state.administrator_path(settings.state)
    if state.read_json(path) != key:
        state.write_json(path, key)


def _egress_addresses(store: Store, settings: Settings, plane: Plane) -> list[str]:
    with store.read() as transaction:
        return egress_addresses(Call(transaction, settings, "", plane))


def _entrance(settings: Settings) -> Entrance:
    """Into the engine that `isthmus up` runs with this control plane, if it does."""
    return Entrance(lambda: state.read_json(state.ready_path(settings.state, "up")) or {})


def _desk(settings: Settings) -> Desk | None:
    """Of the hub that runs beside this control plane, if one does."""
    if settings.hub is None:
        return None
    ready = state.ready_path(settings.state, "hub")
    return Desk(state.hub_path(settings.state), lambda: state.read_json(ready) or {}, settings.hub_address)


def _health(store: Store) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        return JSONResponse({"revision": await asyncio.to_thread(store.revision)})

    return answer
