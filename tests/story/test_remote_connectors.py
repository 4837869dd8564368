"""A network that only a remote connector reaches: hub, connector and gateway as a user starts them.

The backend stands on this machine's own address in another thread, because a connector never takes loopback.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from isthmus.client import Endpoint, call

from running import DEADLINE, Running, wait_for

OWN, VENDOR = "2026-11-01", "2016-07-14"


def own_address() -> str:
    """The source address towards elsewhere; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but loopback")
        return str(probe.getsockname()[0])


class Backend(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: list[str] = []

    def do_GET(self) -> None:
        self.seen.append(self.path)
        body = b"from the far network"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_: Any) -> None:
        pass


class Far:
    """What a user does with a gateway's hub (`words` name it) on the gateway's machine and in another network."""

    def __init__(self, folder: Path, hub: str, words: list[str]) -> None:
        self.folder = folder
        self.hub = hub
        self.words = words
        self.children: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str, said: bytes = b"") -> subprocess.Popen[bytes]:
        with (self.folder / "connector.log").open("ab") as log:
            command = [sys.executable, "-m", "isthmus", "connector", *arguments]
            child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
        assert child.stdin is not None
        child.stdin.write(said)
        child.stdin.close()
        self.children.append(child)
        return child

    def said(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "isthmus", *arguments, *self.words]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=DEADLINE).stdout.strip()

    def join(self, name: str, allow: str, token: str | None) -> subprocess.Popen[bytes]:
        given = ["--token-file", "-"] if token else []
        state = str(self.folder / name)
        given += ["--hub", self.hub, "--allow", allow, "--name", name, "--state", state]
        return self.start("join", *given, said=(token or "").encode())

    def connectors(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = json.loads(self.said("connector", "list", "--json"))
        return listed

    def stop(self) -> None:
        for child in self.children:
            child.terminate()
        for child in self.children:
            child.wait(DEADLINE)


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not in pytest's folder, which a connector that became another user cannot enter.
    with tempfile.TemporaryDirectory(prefix="isthmus-far-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def far(gateway: Running, folder: Path) -> Iterator[Far]:
    far = Far(folder, gateway.ready["hub"], ["--state", str(gateway.state)])
    yield far
    far.stop()


@pytest.fixture(scope="module")
def gateway() -> Iterator[Running]:
    # The path of a socket is short.
    with tempfile.TemporaryDirectory(prefix="isthmus-gw-") as folder:
        running = Running.start(Path(folder), "--hub", "127.0.0.1:0")
        yield running
        running.stop()


@pytest.fixture
def backend() -> Iterator[str]:
    server = ThreadingHTTPServer((own_address(), 0), Backend)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"{server.server_address[0]!s}:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture
def endpoint(gateway: Running) -> Endpoint:
    ready = gateway.ready
    return Endpoint(ready["management"], ready["access_key_id"], ready["access_key_secret"])


def authorise(endpoint: Endpoint, network: str, name: str, backend: str, socket: Path | None = None) -> None:
    host, _, port = backend.rpartition(":")
    attachment = {"mode": "connector", **({} if socket is None else {"socket": str(socket)})}
    call(endpoint, "CreateNetwork", OWN, {"NetworkId": network, "Attachment": json.dumps(attachment)})
    call(endpoint, "SetVpcAccess", VENDOR, {"Name": name, "VpcId": network, "InstanceId": host, "Port": port})


def tried(endpoint: Endpoint, name: str) -> dict[str, Any]:
    return call(endpoint, "TestVpcAccess", OWN, {"Name": name, "Timeout": "3000"})


def test_a_network_behind_a_remote_connector_is_reached_and_cut_off(
    endpoint: Endpoint, gateway: Running, far: Far, backend: str
) -> None:
    authorise(endpoint, "vpc-far", "far", backend)
    command = far.said("vpc", "connect-command", "vpc-far")
    token = command.split()[1]
    assert token.startswith("vpc-far.")
    assert command.endswith(f"--allow {backend}")
    assert tried(endpoint, "far")["Passed"] is False, "no connector is there yet"
    connector = far.join("c1", backend, token)
    wait_for(lambda: tried(endpoint, "far")["Passed"], "the way through the connector")
    assert Backend.seen, "the backend itself was asked"
    # The addresses that it reports are ones that it takes.
    named = wait_for(lambda: (found := tried(endpoint, "far"))["EgressAddresses"] and found, "its source addresses")
    assert named["Passed"] and named["Stops"][3]["Source"] == named["EgressAddresses"][0], named["Stops"]
    assert token not in Path(f"/proc/{connector.pid}/cmdline").read_text()

    (known,) = wait_for(lambda: [one for one in far.connectors() if one["State"] == "CONNECTED"], "the hub's note")
    assert (known["NetworkId"], known["Name"]) == ("vpc-far", "c1")

    thief = far.join("c2", backend, token)
    assert thief.wait(DEADLINE) == 1
    assert "used already" in (far.folder / "connector.log").read_text()

    connector.kill()
    connector.wait()
    far.join("c1", backend, None)
    wait_for(lambda: tried(endpoint, "far")["Passed"], "the connector that came back with its certificate")

    before = json.loads(gateway.ready_file.read_text())
    os.kill(before["hub_pid"], signal.SIGKILL)
    wait_for(lambda: json.loads(gateway.ready_file.read_text())["hub_pid"] != before["hub_pid"], "the hub's new start")
    wait_for(lambda: tried(endpoint, "far")["Passed"], "the connector that found the new hub")

    far.said("connector", "revoke", known["ConnectorId"])
    wait_for(lambda: not tried(endpoint, "far")["Passed"], "the end of a revoked connector")
    for operation in ("CreateConnectorToken", "RevokeConnector"):
        audited = json.dumps(call(endpoint, "DescribeAuditEvents", OWN, {"Operation": operation}))
        assert operation in audited and token not in audited


def test_a_hub_that_is_frozen_is_noticed_and_started_again(gateway: Running) -> None:
    before = json.loads(gateway.ready_file.read_text())["hub_pid"]
    os.kill(before, signal.SIGSTOP)
    wait_for(lambda: json.loads(gateway.ready_file.read_text())["hub_pid"] != before, "another hub")


def test_what_the_connector_does_not_list_is_refused_there(endpoint: Endpoint, far: Far, backend: str) -> None:
    authorise(endpoint, "vpc-near", "near", backend)
    token = far.said("connector", "token", "--network", "vpc-near")
    far.join("c1", f"{backend.rpartition(':')[0]}:1", token)
    asked = len(Backend.seen)
    wait_for(lambda: tried(endpoint, "near")["Verdict"] == "CONNECTOR_REFUSED", "the connector's own refusal")
    assert len(Backend.seen) == asked


def test_a_hub_that_runs_alone_serves_an_engine_beside_it(endpoint: Endpoint, folder: Path, backend: str) -> None:
    ready = folder / "hub.json"
    far = Far(folder, "", ["--hub-state", str(folder / "hub")])
    try:
        far.start("hub", "--state", str(folder / "hub"), "--listen", "127.0.0.1:0", "--ready-file", str(ready))
        found = wait_for(lambda: ready.exists() and json.loads(ready.read_text()), "the hub")
        far.hub = found["hub"]
        authorise(endpoint, "vpc-alone", "alone", backend, Path(found["sockets"]) / "vpc-alone.sock")
        far.join("c1", backend, far.said("connector", "token", "--network", "vpc-alone"))
        wait_for(lambda: tried(endpoint, "alone")["Passed"], "the way through a hub that runs alone")
        (known,) = far.connectors()
        far.said("connector", "revoke", known["ConnectorId"])
        wait_for(lambda: not tried(endpoint, "alone")["Passed"], "the end of a revoked connector")
    finally:
        far.stop()


def test_a_control_plane_alone_runs_its_hub_and_ends_it(folder: Path) -> None:
    ready, hub = folder / "control.json", folder / "state" / "run" / "hub.json"
    command = [sys.executable, "-m", "isthmus", "control", "--state", str(folder / "state"), "--admin", "127.0.0.1:0"]
    with (folder / "control.log").open("ab") as log:
        child = subprocess.Popen([*command, "--hub", "127.0.0.1:0", "--ready-file", str(ready)], stdout=log, stderr=log)
    try:
        wait_for(ready.exists, "the control plane")
        host, _, port = json.loads(hub.read_text())["hub"].rpartition(":")
        socket.create_connection((host, int(port)), DEADLINE).close()
    finally:
        child.terminate()
        assert child.wait(DEADLINE) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), DEADLINE)
