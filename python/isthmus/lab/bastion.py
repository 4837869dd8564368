"""The lab's bastion: a server at the edge of vpc-b that passes connections on by SOCKS5 and HTTP CONNECT, on one port.

The keeper starts it inside the network; the socket that it listens on was made outside, by whoever started the lab, so
that it can be reached there. It asks for a user and a password, lets through what its rules name, and writes a line for
each wish: the lab's checks read them.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ipaddress
import json
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isthmus.lab.topology import CIDR

USER, PASSWORD = "gateway", "lab-password"
NETWORK = "vpc-b"
_CONNECT_SECONDS = 1.0
_HEAD_LIMIT = 8192


class Refused(Exception):
    """The dialogue ends here."""


@dataclass(frozen=True)
class Rules:
    """`loopback_net` is the place in 127.0.0.0/8 that stands for the network when there are no namespaces."""

    log: Path
    source: str
    loopback_net: int | None
    port_offset: int

    def place(self, address: str, port: int) -> tuple[str, int]:
        if self.loopback_net is None:
            return address, port
        third, fourth = address.split(".")[2:]
        return f"127.{self.loopback_net}.{third}.{fourth}", port + self.port_offset

    def note(self, *words: object) -> None:
        with self.log.open("a", encoding="utf-8") as log:
            log.write(" ".join(map(str, words)) + "\n")


class Bastion:
    """Answers one client after the other, each in a task of its own."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(Refused, OSError, asyncio.IncompleteReadError, ValueError):
            first = await reader.readexactly(1)
            speech = self._socks5(reader, writer) if first == b"\x05" else self._connect(reader, writer)
            upstream = await speech
            await asyncio.gather(_pump(reader, upstream[1]), _pump(upstream[0], writer))
        writer.close()

    async def _socks5(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Any:
        methods = await reader.readexactly((await reader.readexactly(1))[0])
        writer.write(b"\x05\x02" if 2 in methods else b"\x05\xff")
        _, length = await reader.readexactly(2)
        user = await reader.readexactly(length)
        password = await reader.readexactly((await reader.readexactly(1))[0])
        is_known = (user.decode(), password.decode()) == (USER, PASSWORD)
        writer.write(b"\x01\x00" if is_known else b"\x01\x01")
        if not is_known:
            raise Refused
        _, _, _, kind = await reader.readexactly(4)
        address = str(ipaddress.ip_address(await reader.readexactly(4 if kind == 1 else 16)))
        port = int.from_bytes(await reader.readexactly(2), "big")
        code, upstream = await self._reach("socks5", address, port)
        writer.write(bytes([5, code, 0, 1, 0, 0, 0, 0, 0, 0]))
        return upstream

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Any:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        credentials = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if f"\r\nProxy-Authorization: Basic {credentials}\r\n" not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            raise Refused
        address, _, port = head.split(" ")[1].rpartition(":")
        code, upstream = await self._reach("connect", address.strip("[]"), int(port))
        status = {0: "200 Connected", 2: "403 Forbidden", 6: "504 Gateway Timeout"}.get(code, "502 Bad Gateway")
        writer.write(f"HTTP/1.1 {status}\r\n\r\n".encode())
        return upstream

    async def _reach(self, speech: str, address: str, port: int) -> tuple[int, Any]:
        """The code of SOCKS5, and the connection."""
        code, upstream = 0, None
        if ipaddress.ip_address(address) not in ipaddress.ip_network(CIDR):
            code = 2
        else:
            source = (self._rules.place(self._rules.source, 0)[0], 0)
            connecting = asyncio.open_connection(*self._rules.place(address, port), local_addr=source)
            try:
                upstream = await asyncio.wait_for(connecting, _CONNECT_SECONDS)
            except TimeoutError:
                code = 6
            except ConnectionRefusedError:
                code = 5
            except OSError:
                code = 4
        self._rules.note(speech, address, port, code)
        return code, upstream


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def serve(descriptor: int, rules: Rules) -> None:
    bastion = Bastion(rules)
    listener = socket.socket(fileno=descriptor)
    server = await asyncio.start_server(bastion.converse, sock=listener, limit=_HEAD_LIMIT)
    await server.serve_forever()


if __name__ == "__main__":
    given = json.loads(sys.argv[2])
    asyncio.run(serve(int(sys.argv[1]), Rules(**{**given, "log": Path(given["log"])})))
