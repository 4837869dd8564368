"""Names whose addresses change between two look-ups, with a real DNS server and a real gateway that asks it.

The proof is what the backends saw: the decoy on loopback, at the same port, is never connected to, unless the gateway is
told that loopback is allowed, which shows that the names do lead there.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from isthmus.client import Endpoint, call

from running import DEADLINE, Running, wait_for

VENDOR = "2016-07-14"
NAMESERVER = "127.0.53.1"
# How each name answers, query after query, over and over again.
SCRIPTS = {"good-then-bad": ["good", "bad"], "bad-then-good": ["bad", "good"], "both": ["good bad"], "bad": ["bad"]}
NAMES = [f"{script}-{number}.rebind.test" for script in SCRIPTS for number in range(3)]


def own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but loopback")
        return str(probe.getsockname()[0])


class Nameserver:
    """Answers A queries for `NAMES` as `SCRIPTS` says, with no time to live, and nothing else."""

    def __init__(self, good: str) -> None:
        self._addresses = {"good": good, "bad": "127.0.0.1"}
        self.asked: Counter[str] = Counter()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((NAMESERVER, 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                query, peer = self._socket.recvfrom(4096)
            except OSError:
                return
            if not query:
                return
            self._socket.sendto(self._answer(query), peer)

    def _answer(self, query: bytes) -> bytes:
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode())
            at += query[at] + 1
        question, kind = query[12 : at + 5], struct.unpack(">H", query[at + 1 : at + 3])[0]
        name = ".".join(labels)
        found = self._next(name) if kind == 1 and name in NAMES else []
        head = query[:2] + struct.pack(">HHHHH", 0x8180, 1, len(found), 0, 0)
        records = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + socket.inet_aton(one) for one in found)
        return head + question + records

    def _next(self, name: str) -> list[str]:
        script = SCRIPTS[name.rpartition("-")[0]]
        words = script[self.asked[name] % len(script)]
        self.asked[name] += 1
        return [self._addresses[word] for word in words.split()]

    def close(self) -> None:
        with contextlib.suppress(OSError):
            # Ends the wait of the other thread.
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


class Backend:
    """Counts connections and answers with its own address."""

    def __init__(self, address: str, port: int = 0) -> None:
        self._listener = socket.create_server((address, port))
        self.port = int(self._listener.getsockname()[1])
        self.connections = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                stream, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with stream:
                stream.settimeout(DEADLINE)
                stream.recv(65536)
                stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def gateway(folder: Path, loopback: str) -> Iterator[Running]:
    """`isthmus up` with a resolver of its own, in a mount namespace."""
    resolver, ready_file = folder / "resolv.conf", folder / "ready.json"
    resolver.write_text(f"nameserver {NAMESERVER}\noptions timeout:1 attempts:2\n")
    words = [sys.executable, "-m", "isthmus", "up", "--state", str(folder / "state"), "--ready-file", str(ready_file)]
    for flag in ("--http", "--https", "--admin"):
        words += [flag, "127.0.0.1:0"]
    words += ["--loopback-backends", loopback, "--engine-threads", "4"]
    inside = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
    with (folder / "up.log").open("ab") as log:
        command = ["unshare", "--mount", "sh", "-c", inside, str(resolver), *words]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        ready = wait_for(lambda: ready_file.exists() and json.loads(ready_file.read_text()), "isthmus up")
        yield Running(folder / "state", ready_file, process, ready)
    finally:
        process.terminate()
        process.wait(DEADLINE)


def publish(running: Running, port: int) -> str:
    """An API for each name; gives the group's domain."""
    endpoint = Endpoint(*(running.ready[name] for name in ("management", "access_key_id", "access_key_secret")))
    group = call(endpoint, "CreateApiGroup", VENDOR, {"GroupName": "rebinding", "BasePath": "/"})
    for number, name in enumerate(NAMES):
        path = f"/{name}"
        request = {
            "RequestProtocol": "HTTP",
            "RequestHttpMethod": "GET",
            "RequestPath": path,
            "RequestMode": "PASSTHROUGH",
        }
        service = {"ServiceProtocol": "HTTP", "ServiceAddress": f"http://{name}:{port}", "ServicePath": path}
        service |= {"ServiceHttpMethod": "GET", "ServiceTimeout": 3000, "Mock": "FALSE"}
        given = {
            "GroupId": group["GroupId"],
            "ApiName": f"name_{number}",
            "Visibility": "PRIVATE",
            "AuthType": "ANONYMOUS",
        }
        given |= {"RequestConfig": json.dumps(request), "ServiceConfig": json.dumps(service)}
        made = call(endpoint, "CreateApi", VENDOR, given)
        deployed = {"GroupId": group["GroupId"], "ApiId": made["ApiId"], "StageName": "RELEASE", "Description": "x"}
        call(endpoint, "DeployApi", VENDOR, deployed)
    return str(group["SubDomain"])


def statuses(loopback: str) -> tuple[dict[str, set[int]], int, int, Counter[str]]:
    """By script what callers got; connections to the backend and to the decoy; how often each name was asked for."""
    if os.getuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("a resolver of one's own needs root and unshare")
    good = own_address()
    backend = Backend(good)
    decoy = Backend("127.0.0.1", backend.port)
    server = Nameserver(good)
    found: dict[str, set[int]] = {script: set() for script in SCRIPTS}
    try:
        with tempfile.TemporaryDirectory(prefix="isthmus-dns-") as folder, gateway(Path(folder), loopback) as running:
            domain = publish(running, backend.port)
            for name in NAMES * 8:
                # A connection of its own, so that each of the engine's threads has to find the name itself.
                answer = httpx.get(f"{running.ready['http']}/{name}", headers={"host": domain}, timeout=DEADLINE)
                found[name.rpartition("-")[0]].add(answer.status_code)
    finally:
        for one in (server, backend, decoy):
            one.close()
    return found, backend.connections, decoy.connections, server.asked


def test_a_name_that_changes_between_check_and_connect_leads_nowhere_else() -> None:
    found, reached, decoyed, asked = statuses("false")
    assert decoyed == 0, f"the decoy was connected to {decoyed} times"
    assert reached > 0 and found["both"] == {200} and found["bad"] == {504}, found
    assert all(codes <= {200, 504} for codes in found.values()), found
    assert all(asked[name] > 1 for name in NAMES if name.startswith(("good-then", "bad-then"))), asked


def test_the_names_do_lead_to_the_decoy_where_loopback_is_allowed() -> None:
    _, _, decoyed, _ = statuses("true")
    assert decoyed > 0
