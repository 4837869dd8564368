"""One HTTP exchange with the engine, with the exact bytes that were sent.

Called by `debug.py`. HTTP is h11's, which also refuses headers that are none. Invariant: it ends within a bounded time and
keeps a bounded part of the answer.
"""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass

import h11

KEPT_BODY = 2 << 20
_LONGEST_HEAD = 256 * 1024
_CONNECT_SECONDS = 5.0
# Longer than any backend may take.
_TOTAL_SECONDS = 95.0


class ExchangeError(Exception):
    """There is no answer; the text says why."""


@dataclass(frozen=True)
class Exchanged:
    sent: bytes
    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes
    # Of the whole body, which may be longer than what was kept.
    body_length: int
    milliseconds: int


def exchange(
    address: tuple[str, int], tls_name: str | None, line: tuple[str, str], headers: dict[str, str], body: bytes
) -> Exchanged:
    """`line` is method and path. Raises: ExchangeError; ValueError for what is no HTTP request."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
    try:
        fields = [(name.encode(), value.encode()) for name, value in headers.items()]
        request = h11.Request(method=line[0].encode(), target=line[1].encode(), headers=fields)
        parts = [connection.send(request), connection.send(h11.Data(data=body)), connection.send(h11.EndOfMessage())]
    except (h11.LocalProtocolError, UnicodeError) as error:
        raise ValueError(str(error)) from error
    sent = b"".join(part for part in parts if part)
    started = time.monotonic()
    try:
        with _connected(address, tls_name) as channel:
            channel.sendall(sent)
            return _answer(connection, channel, sent, started)
    except (OSError, h11.RemoteProtocolError) as error:
        raise ExchangeError(f"{type(error).__name__}: {error}") from error


def _connected(address: tuple[str, int], tls_name: str | None) -> socket.socket:
    channel = socket.create_connection(address, _CONNECT_SECONDS)
    if tls_name is None:
        return channel
    # Our own engine on this machine, under a name whose certificate may be self-signed.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        return context.wrap_socket(channel, server_hostname=tls_name)
    except (OSError, ValueError):
        channel.close()
        raise


def _answer(connection: h11.Connection, channel: socket.socket, sent: bytes, started: float) -> Exchanged:
    response: h11.Response | None = None
    kept, length = bytearray(), 0
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            channel.settimeout(max(0.001, started + _TOTAL_SECONDS - time.monotonic()))
            connection.receive_data(channel.recv(65536))
        elif isinstance(event, h11.Response):
            response = event
        elif isinstance(event, h11.Data):
            length += len(event.data)
            kept += event.data[: max(0, KEPT_BODY - len(kept))]
        elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
            break
    if response is None:
        raise ExchangeError("the connection was closed without an answer")
    return Exchanged(
        sent=sent,
        status=response.status_code,
        reason=bytes(response.reason).decode("latin-1"),
        headers=[(_text(name), _text(value)) for name, value in response.headers.raw_items()],
        body=bytes(kept),
        body_length=length,
        milliseconds=round((time.monotonic() - started) * 1000),
    )


def _text(raw: bytes) -> str:
    return bytes(raw).decode("utf-8", "replace")
