"""Web servers for a lab without namespaces: each instance is a loopback address, and the server plays its security group.

It closes a connection that the group does not admit at once, where a real group would let it wait: the lab says so. The
keeper runs it; its lines in the log are those of `backends.py`.
"""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

from isthmus.lab.modes import LabError
from isthmus.lab.topology import METADATA, PORTS, VIRTUAL_HOST, Instance, Vpc, page, shop_page, vpcs

# Ports below 1024 need rights that a laboratory must not need.
PORT_OFFSET = 18000
HEAD_LIMIT = 16 * 1024
FIRST_NETS = range(101, 199, 2)


def loopback_address(vpc: Vpc, address: str) -> str:
    """What a private address becomes."""
    third, fourth = address.split(".")[2:]
    return f"127.{vpc.loopback_net}.{third}.{fourth}"


class BuiltinBackends:
    """Every server of one lab, and their security groups."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._allowed: dict[tuple[str, str], set[tuple[str, int]]] = {}
        self.vpcs: tuple[Vpc, ...] = ()

    async def start(self) -> None:
        """Takes the first part of 127.0.0.0/8 that no other lab uses. Raises `LabError` when all are taken."""
        for first in FIRST_NETS:
            servers: list[asyncio.Server] = []
            try:
                for vpc in vpcs(first):
                    for instance in (*vpc.instances, Instance("switch", METADATA)):
                        servers += await self._serve(vpc, instance)
            except OSError as error:
                for server in servers:
                    server.close()
                if error.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL):
                    raise LabError(f"a web server cannot listen: {error}") from error
                continue
            self.vpcs = vpcs(first)
            return
        raise LabError("every loopback address that a lab could use is taken; end other labs first: isthmus lab down")

    def change(self, vpc: str, instance: str, rule: tuple[str, int], is_allowed: bool) -> None:
        allowed = self._allowed[vpc, instance]
        (allowed.add if is_allowed else allowed.discard)(rule)

    def rules(self, vpc: str, instance: str) -> list[tuple[str, int]]:
        return sorted(self._allowed[vpc, instance])

    async def _serve(self, vpc: Vpc, instance: Instance) -> list[asyncio.Server]:
        (self._directory / vpc.name / instance.name).mkdir(parents=True, exist_ok=True)
        self._allowed[vpc.name, instance.name] = set()
        host = loopback_address(vpc, instance.address)

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._converse(vpc, instance, reader, writer)

        return [await asyncio.start_server(answer, host, port + PORT_OFFSET, limit=HEAD_LIMIT) for port in PORTS]

    async def _converse(
        self, vpc: Vpc, instance: Instance, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        third, fourth = str(writer.get_extra_info("peername")[0]).split(".")[2:]
        peer = f"10.0.{third}.{fourth}"
        port = int(writer.get_extra_info("sockname")[1]) - PORT_OFFSET
        if instance.address != METADATA and (peer, port) not in self._allowed[vpc.name, instance.name]:
            writer.transport.abort()
            return
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                writer.write(self._answer(vpc, instance, head, (peer, port)))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            writer.close()

    def _answer(self, vpc: Vpc, instance: Instance, head: str, seen: tuple[str, int]) -> bytes:
        first, *lines = head.split("\r\n")
        headers = dict(line.lower().split(":", 1) for line in lines if ":" in line)
        host = headers.get("host", "").strip().partition(":")[0]
        peer, port = seen
        with (self._directory / vpc.name / instance.name / "access.log").open("a", encoding="utf-8") as log:
            log.write(f'{peer} {host} {port} "{first}" 200\n')
        text = shop_page(vpc.name, instance.name) if host == VIRTUAL_HOST else self._page(vpc, instance)
        uri = first.split(" ")[1] if first.count(" ") == 2 else ""
        body = f"{text} peer={peer} host={host} port={port} uri={uri}\n".encode()
        return b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)

    @staticmethod
    def _page(vpc: Vpc, instance: Instance) -> str:
        return f"metadata of {vpc.name}" if instance.address == METADATA else page(vpc.name, instance.name)
