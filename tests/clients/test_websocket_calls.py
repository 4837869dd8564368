"""The `websockets` package on both sides of the gateway: WebSocket passed through to a backend."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from called import Called
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

from running import DEADLINE, Running

HOST = "socket.example.com"
CHAT = Subprotocol("chat")


def _echo(connection: ServerConnection) -> None:
    for message in connection:
        if message == "bye":
            connection.close(4001, "as you wish")
            return
        connection.send(message)


@pytest.fixture(scope="module")
def called(gateway: Running) -> Iterator[Called]:
    with serve(_echo, "127.0.0.1", 0, subprotocols=[CHAT], max_size=None) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        called = Called(gateway, HOST)
        port = server.socket.getsockname()[1]
        called.api("/chat", f"http://127.0.0.1:{port}", "GET")
        yield called
        server.shutdown()


def dial(called: Called, **headers: str) -> ClientConnection:
    there = called.gateway.ready["http"].removeprefix("http://")
    host, port = there.rsplit(":", 1)
    return connect(
        f"ws://{HOST}:{port}/chat",
        sock=socket.create_connection((host, int(port)), DEADLINE),
        additional_headers=headers,
        subprotocols=[CHAT],
        open_timeout=DEADLINE,
        max_size=None,
    )


def test_texts_bytes_pings_and_a_close_go_both_ways(called: Called) -> None:
    with dial(called, Authorization=f"APPCODE {called.app_code}") as opened:
        assert opened.subprotocol == CHAT
        for message in ("grüße", b"\x00\xff" * 10, "x" * 3_000_000):
            opened.send(message)
            assert opened.recv(DEADLINE) == message
        assert opened.ping().wait(DEADLINE)
        opened.send("bye")
        with pytest.raises(ConnectionClosed) as closed:
            opened.recv(DEADLINE)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "as you wish")


def test_a_stranger_is_refused_before_the_handshake(called: Called) -> None:
    with pytest.raises(InvalidStatus) as refused:
        dial(called)
    answer = refused.value.response
    assert (answer.status_code, answer.headers["x-ca-error-code"]) == (400, "A400MA")
