"""Instances that come from Docker and Kubernetes, as a caller and an operator meet them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from inventory_servers import TOKEN, DockerServer, KubernetesServer, container, endpoint, endpoint_slice, service
from isthmus.client import Endpoint, call

from running import Running, wait_for
from walk import Walk

FIRST, SECOND = "127.0.0.2", "127.0.0.3"


class Backend(BaseHTTPRequestHandler):
    """Says on which address it was called."""

    def do_GET(self) -> None:
        page = str(self.connection.getsockname()[0]).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def backend() -> Iterator[int]:
    """A port on which every loopback address answers."""
    server = ThreadingHTTPServer(("0.0.0.0", 0), Backend)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


class Gateway:
    def __init__(self, folder: Path, inventory: str) -> None:
        self.file = folder / "inventory.toml"
        self.file.write_text(inventory)
        self.running = Running.start(folder, "--inventory", str(self.file))
        ready = self.running.ready
        self._endpoint = Endpoint(ready["management"], ready["access_key_id"], ready["access_key_secret"])

    def network(self, network: str) -> None:
        self.ask("CreateNetwork", NetworkId=network, Attachment=json.dumps({"mode": "host"}))

    def published(self, network: str, instance: str, port: int) -> Walk:
        walk = Walk(self.running.client(), f"-{network}")
        walk.authorise_vpc(network, instance, port)
        walk.create_group()
        walk.create_api(auth_type="ANONYMOUS")
        walk.publish()
        return walk

    def page(self, walk: Walk) -> str:
        return self.running.get("/nginx", walk.domain).text

    def refusal(self, walk: Walk) -> str | None:
        return self.running.get("/nginx", walk.domain).headers.get("X-Ca-Error-Code")

    def instances(self, network: str) -> dict[str, str]:
        found = self.ask("DescribeNetworkInstances", NetworkId=network)
        return {one["InstanceId"]: one["Address"] for one in found["Instances"]}

    def source(self, network: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = self.ask("DescribeNetworkInstances", NetworkId=network)["Sources"]
        return found[0] if found else {"Failing": None}

    def ask(self, action: str, **parameters: str) -> dict[str, Any]:
        return call(self._endpoint, action, "2026-11-01", parameters)

    def shown(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "isthmus", "vpc", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout


def test_a_call_follows_a_container_and_survives_docker(tmp_path: Path, backend: int) -> None:
    docker = DockerServer(tmp_path / "docker.sock")
    docker.run(container("web", FIRST))
    file = f'[compose]\nkind = "docker"\nnetwork = "vpc-d"\ndocker_network = "shop"\nsocket = "{docker.path}"\n'
    gateway = Gateway(tmp_path, file + 'interval = "200ms"\n')
    try:
        gateway.network("vpc-d")
        wait_for(lambda: gateway.instances("vpc-d") == {"web": FIRST}, "the container as an instance")
        walk = gateway.published("vpc-d", "web", backend)
        assert gateway.page(walk) == FIRST
        docker.run(container("web", SECOND))
        wait_for(lambda: gateway.page(walk) == SECOND, "the container's new address")
        docker.run()
        wait_for(lambda: gateway.refusal(walk) == "X504VE", "a container that is gone")
        docker.run(container("web", SECOND))
        wait_for(lambda: gateway.page(walk) == SECOND, "the container that is back")
        docker.close()
        docker.path.unlink()
        source = wait_for(lambda: (found := gateway.source("vpc-d"))["Failing"] and found, "the failing source")
        assert "cannot be asked" in source["Error"] and gateway.page(walk) == SECOND
        shown = gateway.shown("show", "vpc-d", "--state", str(gateway.running.state))
        assert "compose  docker  read " in shown and "FAILS since then" in shown
        assert f"web  {SECOND}  compose" in shown
        assert "FAILS: cannot be asked" in gateway.shown("sources", str(gateway.file))
    finally:
        assert gateway.running.stop() == 0


def test_a_call_follows_a_service_of_a_cluster_and_survives_a_lost_token(tmp_path: Path, backend: int) -> None:
    cluster = KubernetesServer(tmp_path)
    token = tmp_path / "token"
    token.write_text(TOKEN)
    file = f'[cluster]\nkind = "kubernetes"\nnetwork = "vpc-k"\nserver = "{cluster.url}"\ninterval = "200ms"\n'
    file += f'ca_file = "{cluster.ca_file}"\ntoken_file = "{token}"\n'
    cluster.run([service("web", FIRST), service("db", "None")], [endpoint_slice("db", endpoint("127.0.0.9", "db-0"))])
    gateway = Gateway(tmp_path, file)
    known = {"web.shop": FIRST, "db-0.db.shop": "127.0.0.9"}
    try:
        gateway.network("vpc-k")
        wait_for(lambda: gateway.instances("vpc-k") == known, "the services as instances")
        walk = gateway.published("vpc-k", "web.shop", backend)
        assert gateway.page(walk) == FIRST
        cluster.run([service("web", SECOND)], [])
        wait_for(lambda: gateway.page(walk) == SECOND, "the service's new address")
        assert gateway.instances("vpc-k") == {"web.shop": SECOND}
        for broken, text in (((200, b"<html>"), "not JSON"), ((503, b"{}"), "503")):
            cluster.instead = broken
            wait_for(lambda text=text: text in str(gateway.source("vpc-k").get("Error")), f"the source's {text}")
        cluster.instead = None
        wait_for(lambda: gateway.source("vpc-k")["Failing"] is False, "the source that answers again")
        token.write_text("expired")
        source = wait_for(lambda: (found := gateway.source("vpc-k"))["Failing"] and found, "the failing source")
        assert source["Error"] == "answers 401 Unauthorized: Unauthorized"
        assert gateway.page(walk) == SECOND and gateway.instances("vpc-k") == {"web.shop": SECOND}
        for path in (tmp_path / "up.log", *gateway.running.state.glob("store.sqlite*")):
            assert TOKEN.encode() not in path.read_bytes(), path
    finally:
        assert gateway.running.stop() == 0
        cluster.close()


def test_a_bad_file_is_one_clear_line(tmp_path: Path) -> None:
    file = tmp_path / "inventory.toml"
    file.write_text('[a]\nkind = "etcd"\nnetwork = "vpc-a"\n')
    command = [sys.executable, "-m", "isthmus", "control", "--state", str(tmp_path / "state"), "--admin", "127.0.0.1:0"]
    found = subprocess.run([*command, "--inventory", str(file)], capture_output=True, text=True, timeout=60)
    expected = f"isthmus: {file} (inventory): a.kind must be one of aliyun, docker, kubernetes.\n"
    assert (found.returncode, found.stderr) == (1, expected)
