"""A small client of a connector, for tests: what an engine asks, in Python.

One request at a time. A success is a connected socket that was opened in the other network.
"""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

PACKET_LIMIT = 16 * 1024
WAIT_SECONDS = 10.0


class ConnectorRefusal(Exception):
    """There is no connection: the kind, and what the connector says about it."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail


class ConnectorClient:
    """A connection to a connector. Raises `ConnectionError` when there is none, or no longer."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(WAIT_SECONDS)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise ConnectionError(f"no connector at {path}: {error}") from error
        self._last = 0

    def __enter__(self) -> ConnectorClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def connect(
        self, address: str, port: int, source: str | None = None, timeout_ms: int | None = None
    ) -> socket.socket:
        """Raises `ConnectorRefusal`."""
        question: dict[str, Any] = {"op": "connect", "ip": address, "port": port}
        if source is not None:
            question["source"] = source
        if timeout_ms is not None:
            question["timeout_ms"] = timeout_ms
        answer, connected = self._ask(question)
        if connected is None:
            raise ConnectorRefusal(answer["error"], answer["detail"])
        return connected

    def hello(self) -> dict[str, Any]:
        """`egress`, `allow_count` and `version`."""
        return self._ask({"op": "hello"})[0]

    def _ask(self, question: dict[str, Any]) -> tuple[dict[str, Any], socket.socket | None]:
        self._last += 1
        self._socket.send(json.dumps({**question, "id": self._last}).encode())
        data, descriptors, _, _ = socket.recv_fds(self._socket, PACKET_LIMIT, 1)
        if not data:
            raise ConnectionError("the connector is gone")
        connected = socket.socket(fileno=descriptors[0]) if descriptors else None
        return json.loads(data), connected


@dataclass(frozen=True)
class Page:
    """An answer of a web server."""

    status: int
    text: str


def get(connected: socket.socket, host: str, path: str = "/") -> Page:
    """One request on a connection that stands, which is closed afterwards."""
    connected.settimeout(WAIT_SECONDS)
    connection = http.client.HTTPConnection(host)
    connection.sock = connected
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return Page(response.status, response.read().decode())
    finally:
        connection.close()
