"""Asks a connector the way an engine does, for the laboratory's own checks."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PACKET = 16384


@dataclass
class Reached:
    """What came of a question: the error kind, or the connected socket."""

    error: str
    detail: str
    connection: socket.socket | None = None

    def page(self, host: str = "probe") -> str:
        """The body of a GET on the connection, which is used up by it."""
        assert self.connection is not None
        with self.connection as connection:
            connection.setblocking(True)
            connection.settimeout(10)
            connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            received = b"".join(iter(lambda: connection.recv(65536), b""))
        return received.partition(b"\r\n\r\n")[2].decode()


class Probe:
    """One connection to a connector."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(15)
        self._socket.connect(str(path))

    def connect(self, ip: str, port: int, source: str | None = None) -> Reached:
        answer, descriptors = self.ask(
            {"op": "connect", "id": 1, "ip": ip, "port": port} | ({"source": source} if source else {})
        )
        connection = socket.socket(fileno=descriptors[0]) if descriptors else None
        return Reached(str(answer.get("error", "")), str(answer.get("detail", "")), connection)

    def hello(self) -> dict[str, Any]:
        return self.ask({"op": "hello", "id": 1})[0]

    def ask(self, question: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
        self._socket.send(json.dumps(question).encode())
        data, descriptors, _, _ = socket.recv_fds(self._socket, _PACKET, 1)
        answer = json.loads(data) if data else {"error": "gone"}
        return answer, list(descriptors)
