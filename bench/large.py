"""Memory of the engine while bodies of gigabytes pass: `python bench/large.py [--gigabytes 5] [--check]`.

Uploads a body to a backend that reads it, then downloads one of the same size, through the real engine and the
pass-through API of `parts.py`, on loopback, and prints what the engine's process holds before and after each. With
`--check` it fails when the most that it held grew by 20 MB or more. Nothing is written to disk but the access log.
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import parts

GROWTH_LIMIT = 20 * 10**6
PIECE = memoryview(bytes(1 << 20))


def head(stream: socket.socket) -> tuple[str, bytes]:
    """A message's head, and what came behind it."""
    received = b""
    while b"\r\n\r\n" not in received:
        more = stream.recv(65536)
        if not more:
            return "", b""
        received += more
    start, rest = received.split(b"\r\n\r\n", 1)
    return start.decode("latin-1").lower(), rest


def swallow(stream: socket.socket, length: int) -> None:
    buffer = bytearray(1 << 20)
    while length > 0:
        got = stream.recv_into(buffer, min(length, len(buffer)))
        if not got:
            raise parts.BenchError(f"{length} bytes are missing")
        length -= got


def pour(stream: socket.socket, length: int) -> None:
    while length > 0:
        piece = PIECE[: min(length, len(PIECE))]
        stream.sendall(piece)
        length -= len(piece)


class Backend:
    """Reads what is uploaded, and sends `size` bytes to who asks."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            stream, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(stream,), daemon=True).start()

    def serve(self, stream: socket.socket) -> None:
        with stream:
            while True:
                text, rest = head(stream)
                if not text:
                    return
                if text.startswith("get "):
                    stream.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {self.size}\r\n\r\n".encode())
                    pour(stream, self.size)
                    continue
                match = re.search(r"content-length: (\d+)", text)
                swallow(stream, int(match[1] if match else 0) - len(rest))
                stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def exchange(port: int, method: str, size: int) -> None:
    framing = f"Content-Length: {size}\r\n" if method == "POST" else ""
    start = parts.request().replace(b"GET", method.encode(), 1)
    with socket.create_connection(("127.0.0.1", port), 60) as stream:
        stream.sendall(start.replace(b"\r\n\r\n", f"\r\n{framing}\r\n".encode()))
        if method == "POST":
            pour(stream, size)
        text, rest = head(stream)
        if not text.startswith("http/1.1 200"):
            raise parts.BenchError(f"not a 200: {text[:200]}")
        if method == "GET":
            swallow(stream, size - len(rest))


def memory(pid: int) -> dict[str, int]:
    """What a process holds and the most that it held, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return {name: int(kilobytes) * 1024 for name, kilobytes in re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB", status, re.M)}


def large_plan(backend: int) -> str:
    """The plan of `parts.py`, for any method and for as long as it takes."""
    records = [json.loads(line) for line in parts.plan(backend).splitlines()]
    for record in records:
        if record["kind"] == "edition":
            record["body"]["method"] = "ANY"
            record["body"]["backend"].pop("method")
            record["body"]["backend"]["timeout_ms"] = 3_600_000
    return "\n".join(json.dumps(record) for record in records)


def measure(pid: int, name: str, size: int, run: Callable[[], None]) -> int:
    before, started = memory(pid), time.monotonic()
    run()
    seconds, after = time.monotonic() - started, memory(pid)
    growth = after["VmHWM"] - before["VmHWM"]
    print(
        f"{name} of {size / 10**9:.2f} GB in {seconds:.1f} s ({size / seconds / 10**6:.0f} MB/s): resident "
        f"{before['VmRSS'] / 10**6:.1f} MB before, {after['VmRSS'] / 10**6:.1f} MB after; the most grew by "
        f"{growth / 10**6:.1f} MB to {after['VmHWM'] / 10**6:.1f} MB"
    )
    return growth


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=5.0, help="size of each body (default 5)")
    parser.add_argument("--check", action="store_true", help="fail when the engine grew by 20 MB or more")
    options = parser.parse_args()
    size = int(options.gigabytes * 10**9)
    backend = Backend(size)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = {**parts.engine_settings(folder, recording=True, logging=True), "request_body_limit": 1 << 50}
        with parts.serving(folder, large_plan(backend.port), settings) as (process, port):
            parts.answer(port, parts.request(path="/none"))
            growths = [
                measure(process.pid, "upload", size, lambda: exchange(port, "POST", size)),
                measure(process.pid, "download", size, lambda: exchange(port, "GET", size)),
            ]
    if options.check and max(growths) >= GROWTH_LIMIT:
        sys.exit(f"the engine grew by {max(growths)} bytes, the limit is {GROWTH_LIMIT}")


if __name__ == "__main__":
    main()
