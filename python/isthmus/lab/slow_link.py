"""A link of a lab that is long and bad: 40 ms there and back, and one packet of a hundred lost, in a process of its own.

The kernel's own emulation is seldom there, so packets pass through this process: it reads them from a TUN device in one
network namespace and writes them to one in the other, late or not at all. Started by `remote.py`; says `up` on standard
output once both devices are there.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import os
import random
import struct
import subprocess
import sys
from collections import deque

from isthmus.lab.modes import SEARCH_PATH

ONE_WAY_SECONDS = 0.020
LOSS = 0.01
# What a side may have on the way: more is dropped, as a router's queue would.
_QUEUE = 2000
_SET_INTERFACE = 0x400454CA
_TUN, _NO_INFORMATION = 0x0001, 0x1000
_NEW_NETWORK = 0x40000000
_PACKET = 65536


def make_device(namespace: str, name: str, address: str) -> int:
    """A TUN device in a namespace (a path), up and with an address; the descriptor that its packets come out of."""
    own = os.open("/proc/self/ns/net", os.O_RDONLY)
    _enter(namespace)
    try:
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(descriptor, _SET_INTERFACE, struct.pack("16sH22x", name.encode(), _TUN | _NO_INFORMATION))
        commands = f"addr add {address} dev {name}\nlink set {name} up\n"
        environment = {**os.environ, "PATH": SEARCH_PATH}
        subprocess.run(["ip", "-batch", "-"], input=commands, text=True, check=True, env=environment)
    finally:
        _enter_descriptor(own)
        os.close(own)
    return descriptor


def _enter(namespace: str) -> None:
    descriptor = os.open(namespace, os.O_RDONLY)
    try:
        _enter_descriptor(descriptor)
    finally:
        os.close(descriptor)


def _enter_descriptor(descriptor: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, _NEW_NETWORK) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Direction:
    """From one device to the other: packets in their order, each as much later as the link is long."""

    def __init__(self, source: int, sink: int) -> None:
        self._source, self._sink = source, sink
        self._loop = asyncio.get_running_loop()
        self._chance = random.Random(source)
        self._under_way: deque[tuple[float, bytes]] = deque()
        self._loop.add_reader(source, self._take)

    def _take(self) -> None:
        due = self._loop.time() + ONE_WAY_SECONDS
        for _ in range(64):
            try:
                packet = os.read(self._source, _PACKET)
            except BlockingIOError:
                return
            if len(self._under_way) >= _QUEUE or self._chance.random() < LOSS:
                continue
            self._under_way.append((due, packet))
            if len(self._under_way) == 1:
                self._loop.call_at(due, self._deliver)

    def _deliver(self) -> None:
        now = self._loop.time()
        while self._under_way and self._under_way[0][0] <= now:
            try:
                os.write(self._sink, self._under_way.popleft()[1])
            except OSError:
                # A full or vanished device loses it, as a link does.
                continue
        if self._under_way:
            self._loop.call_at(self._under_way[0][0], self._deliver)


async def run(ends: list[tuple[str, str, str]]) -> None:
    first, second = (make_device(*end) for end in ends)
    directions = [Direction(first, second), Direction(second, first)]
    print("up", flush=True)
    await asyncio.Event().wait()
    del directions


if __name__ == "__main__":
    asyncio.run(run([(one[0], one[1], one[2]) for one in (word.split(",") for word in sys.argv[1:3])]))
