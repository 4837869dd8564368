"""The wire layer on a real socket, with operations played by a fake dispatcher that notes what arrives."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from isthmus.catalog import Catalog, Operation, Params
from isthmus.errors import ApiError
from isthmus.wire.app import Caller, Outcome, WireOptions, create_app
from isthmus.wire.signature import AccessKey

KEY = AccessKey("testid", "testsecret")
CATALOG = Catalog.load()
DEADLINE = 15


class Recorder:
    """A dispatcher that answers with `result`, or raises `error`, and keeps what it was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[Operation, Params, Caller]] = []
        self.result: dict[str, Any] = {}
        self.error: Exception | None = None

    def access_key(self, access_key_id: str) -> AccessKey | None:
        known = {
            "testid": KEY,
            "disabled": AccessKey("disabled", "testsecret", active=False),
        }
        return known.get(access_key_id)

    async def run(self, operation: Operation, params: Params, caller: Caller) -> Outcome:
        self.calls.append((operation, params, caller))
        if self.error is not None:
            raise self.error
        return Outcome(self.result, {"x-isthmus-revision": "7"})


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now: float | None = None

    def __call__(self) -> float:
        return time.time() if self.now is None else self.now


@contextmanager
def serving(recorder: Recorder, clock: Clock, body_limit: int = 8 << 20) -> Iterator[int]:
    """The port on loopback."""
    app = create_app(CATALOG, recorder, clock, WireOptions(body_limit=body_limit))
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    config = uvicorn.Config(
        app,
        log_level="error",
        http="h11",
        h11_max_incomplete_event_size=1 << 20,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(DEADLINE)
        listener.close()


def exchange(port: int, message: bytes) -> tuple[int, dict[str, str], bytes]:
    """Sends bytes as given; status, headers (lower case) and body of the answer."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as stream:
        stream.sendall(message)
        reader = stream.makefile("rb")
        status = int(reader.readline().split()[1])
        headers = {}
        while line := reader.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return status, headers, reader.read(int(headers.get("content-length", 0)))


def api_error(code: str, text: str, status: int) -> ApiError:
    return ApiError(code, text, status)
