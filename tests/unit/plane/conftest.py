"""A store with a plan, and a control plane that serves its feed on a real socket."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from isthmus.plane import Plane, PlaneTimes
from isthmus.sealing import Keyring
from isthmus.store import Store, schema
from isthmus.store.database import _configure_sqlite
from isthmus.store.nonces import StoredNonces
from sqlalchemy import create_engine, insert
from starlette.applications import Starlette

TOKEN = "t" * 40
DEADLINE = 20.0


class RunningPlane:
    """A plane behind uvicorn; `call` runs a coroutine on its loop."""

    def __init__(self, plane: Plane, url: str, loop: asyncio.AbstractEventLoop) -> None:
        self.plane = plane
        self.url = url
        self.loop = loop

    def client(self, token: str = TOKEN) -> httpx.Client:
        headers = {"authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=DEADLINE, trust_env=False)

    def report(self, **fields: Any) -> httpx.Response:
        with self.client() as client:
            return client.post("/plane/v1/report", content=json.dumps(fields).encode())

    def wait_served(self, revision: int) -> list[str]:
        return asyncio.run_coroutine_threadsafe(self.plane.wait_served(revision), self.loop).result(DEADLINE)

    def start_waiting(self, revision: int) -> Any:
        return asyncio.run_coroutine_threadsafe(self.plane.wait_served(revision), self.loop)


class Reader:
    """Reads a feed batch by batch and keeps the plan as an engine would."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.plan: dict[tuple[str, str], str] = {}

    def line(self) -> dict[str, Any]:
        return json.loads(next(self._lines))  # type: ignore[no-any-return]

    def batch(self) -> list[dict[str, Any]]:
        lines = []
        for text in self._lines:
            line = json.loads(text)
            if line["type"] == "ping":
                continue
            lines.append(line)
            if line["type"] == "begin" and line["mode"] == "snapshot":
                self.plan.clear()
            if line["type"] == "record":
                self._apply(text, line)
            if line["type"] == "commit":
                return lines
        raise AssertionError("the feed ended inside a batch")

    def _apply(self, text: str, line: dict[str, Any]) -> None:
        name = (line["kind"], line["key"])
        self.plan.pop(name, None)
        if line["body"] is not None:
            self.plan[name] = text.split(',"body":', 1)[1][:-1]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    engine = create_engine(f"sqlite:///{tmp_path}/store.db", connect_args={"check_same_thread": False})
    _configure_sqlite(engine)
    schema.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(schema.store_identity).values(store_id=uuid.uuid4().hex, revision=0, floor=0))
    nonces = StoredNonces.open_sqlite(tmp_path / "nonces.sqlite")
    store = Store(engine, Keyring(b"k" * 32), nonces)
    yield store
    store.close()


@pytest.fixture
def put(store: Store) -> Callable[..., int]:
    """Puts records (key → body, None removes) of kind `app` in one transaction; gives the revision."""

    def put(records: dict[str, dict[str, Any] | None], kind: str = "app") -> int:
        with store.write() as transaction:
            for key, body in records.items():
                if body is None:
                    transaction.records.remove(kind, key)
                else:
                    transaction.records.put(kind, key, body)
        return store.revision()

    return put


@pytest.fixture
def running() -> Callable[[Plane], AbstractContextManager[RunningPlane]]:
    return run


@pytest.fixture
def reading() -> Callable[..., AbstractContextManager[Reader]]:
    return read


@contextmanager
def run(plane: Plane) -> Iterator[RunningPlane]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(Starlette(routes=plane.routes()), log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(server.serve(sockets=[listener])))
    thread.start()
    try:
        yield RunningPlane(plane, f"http://127.0.0.1:{listener.getsockname()[1]}", loop)
    finally:
        plane.close()
        server.should_exit = True
        thread.join(DEADLINE)
        listener.close()
        assert not thread.is_alive(), "the listener did not stop: a feed stayed open"
        loop.close()


@pytest.fixture
def served(store: Store) -> Iterator[RunningPlane]:
    times = PlaneTimes(publish_wait=0.5, healthy_for=30.0, ping=0.2, stall=5.0)
    with run(Plane(store, TOKEN, times)) as plane:
        yield plane


def lines(response: httpx.Response) -> Iterator[str]:
    """The lines by line feed alone; other line separators are content."""
    rest = b""
    for part in response.iter_bytes():
        *whole, rest = (rest + part).split(b"\n")
        yield from (line.decode() for line in whole)


@contextmanager
def read(served: RunningPlane, store_id: str = "", after: int = 0, node: str = "n1") -> Iterator[Reader]:
    parameters: dict[str, str | int] = {"node": node, "store": store_id, "after": after}
    with served.client() as client, client.stream("GET", "/plane/v1/feed", params=parameters) as response:
        assert response.status_code == 200, response.read()
        yield Reader(lines(response))
