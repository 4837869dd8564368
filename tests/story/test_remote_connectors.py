"""A network that only a remote connector reaches: hub, connector and gateway as a user starts them.

The backend stands on this machine's own address in another thread, because a connector never takes loopback.
"""

from __future__ import annotations

import json
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
    """A hub in a folder, and what a user does with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.children: list[subprocess.Popen[bytes]] = []
        ready = folder / "hub-ready.json"
        self.start("hub", "--state", str(folder / "hub"), "--listen", "127.0.0.1:0", "--ready-file", str(ready))
        self.ready: dict[str, str] = wait_for(lambda: ready.exists() and json.loads(ready.read_text()), "the hub")

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / "connector.log").open("ab") as log:
            command = [sys.executable, "-m", "isthmus", "connector", *arguments]
            self.children.append(subprocess.Popen(command, stdout=log, stderr=log))
        return self.children[-1]

    def said(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "isthmus", "connector", *arguments, "--state", str(self.folder / "hub")]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=DEADLINE).stdout.strip()

    def join(self, name: str, allow: str, token: str | None) -> subprocess.Popen[bytes]:
        given = ["--token", token] if token else []
        state = str(self.folder / name)
        return self.start(
            "join", "--hub", self.ready["hub"], "--allow", allow, "--name", name, "--state", state, *given
        )

    def connectors(self) -> dict[str, Any]:
        listed: dict[str, Any] = json.loads(self.said("list", "--json"))
        return listed

    def stop(self) -> None:
        for child in self.children:
            child.terminate()
        for child in self.children:
            child.wait(DEADLINE)


@pytest.fixture
def far() -> Iterator[Far]:
    # Not in pytest's folder, which a connector that became another user cannot enter.
    with tempfile.TemporaryDirectory(prefix="isthmus-far-") as folder:
        Path(folder).chmod(0o755)
        far = Far(Path(folder))
        yield far
        far.stop()


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


def authorise(endpoint: Endpoint, far: Far, network: str, name: str, backend: str) -> None:
    host, _, port = backend.rpartition(":")
    attachment = {"mode": "connector", "socket": f"{far.ready['sockets']}/{network}.sock"}
    call(endpoint, "CreateNetwork", OWN, {"NetworkId": network, "Attachment": json.dumps(attachment)})
    call(endpoint, "SetVpcAccess", VENDOR, {"Name": name, "VpcId": network, "InstanceId": host, "Port": port})


def tried(endpoint: Endpoint, name: str) -> dict[str, Any]:
    return call(endpoint, "TestVpcAccess", OWN, {"Name": name, "Timeout": "3000"})


def test_a_network_behind_a_remote_connector_is_reached_and_cut_off(endpoint: Endpoint, far: Far, backend: str) -> None:
    token = far.said("token", "--network", "vpc-far")
    command = far.said("token", "--network", "vpc-far", "--hub", "gw:7443")
    assert command.startswith("isthmus connector join --hub gw:7443 --token vpc-far.")
    authorise(endpoint, far, "vpc-far", "far", backend)
    assert tried(endpoint, "far")["Passed"] is False, "no connector is there yet"
    connector = far.join("c1", backend, token)
    wait_for(lambda: tried(endpoint, "far")["Passed"], "the way through the connector")
    assert Backend.seen, "the backend itself was asked"

    (connector_id, known), *others = far.connectors().items()
    assert not others
    assert (known["network_id"], known["name"], known["revoked"]) == ("vpc-far", "c1", False)

    thief = far.join("c2", backend, token)
    assert thief.wait(DEADLINE) == 1
    assert "used already" in (far.folder / "connector.log").read_text()

    connector.kill()
    connector.wait()
    far.join("c1", backend, None)
    wait_for(lambda: tried(endpoint, "far")["Passed"], "the connector that came back with its certificate")

    far.said("revoke", connector_id)
    wait_for(lambda: not tried(endpoint, "far")["Passed"], "the end of a revoked connector")


def test_what_the_connector_does_not_list_is_refused_there(endpoint: Endpoint, far: Far, backend: str) -> None:
    token = far.said("token", "--network", "vpc-near")
    authorise(endpoint, far, "vpc-near", "near", backend)
    far.join("c1", f"{backend.rpartition(':')[0]}:1", token)
    asked = len(Backend.seen)
    wait_for(lambda: tried(endpoint, "near")["Verdict"] == "CONNECTOR_REFUSED", "the connector's own refusal")
    assert len(Backend.seen) == asked
