"""A whole gateway as a user starts it, a real nginx behind it, and the vendor's SDK in front."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from alibabacloud_cloudapi20160714.client import Client
from alibabacloud_tea_openapi.models import Config

DEADLINE = 60


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """The condition's value once it is true."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {DEADLINE} s")


@dataclass
class Running:
    """`isthmus up` in a process group of its own."""

    state: Path
    ready_file: Path
    process: subprocess.Popen[bytes]
    ready: dict[str, Any]

    @classmethod
    def start(cls, folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> Running:
        ready_file = folder / "ready.json"
        command = [
            sys.executable,
            "-m",
            "isthmus",
            "up",
            "--state",
            str(folder / "state"),
            "--ready-file",
            str(ready_file),
        ]
        for flag, default in (("--http", "127.0.0.1:0"), ("--https", "127.0.0.1:0"), ("--admin", "127.0.0.1:0")):
            if flag not in arguments:
                command += [flag, default]
        log = open(folder / "up.log", "ab")
        process = subprocess.Popen(
            [*command, *arguments],
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )

        def ready() -> dict[str, Any] | None:
            if process.poll() is not None:
                raise AssertionError((folder / "up.log").read_text())
            return json.loads(ready_file.read_text()) if ready_file.exists() else None

        return cls(folder / "state", ready_file, process, wait_for(ready, "isthmus up"))

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(DEADLINE)

    def kill_group(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(DEADLINE)
        self.ready_file.unlink(missing_ok=True)

    def client(self) -> Client:
        return Client(
            Config(
                access_key_id=self.ready["access_key_id"],
                access_key_secret=self.ready["access_key_secret"],
                endpoint=self.ready["management"].removeprefix("http://"),
                protocol="http",
            )
        )

    def get(self, path: str, host: str, **headers: str) -> httpx.Response:
        return httpx.get(self.ready["http"] + path, headers={"host": host, **headers}, timeout=DEADLINE)


@dataclass
class Nginx:
    """A real nginx on loopback."""

    port: int
    page: str


@pytest.fixture(scope="session")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.fail("nginx is not installed: run requirements/system.sh")
    folder = tmp_path_factory.mktemp("nginx")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    page = "Welcome to nginx behind Isthmus"
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}} http {{ {temporary} access_log off;"
        f' server {{ listen 127.0.0.1:{port}; location = / {{ return 200 "{page}"; }}'
        f' location / {{ return 200 "other page $request_uri"; }} }} }}'
    )
    process = subprocess.Popen([program, "-e", f"{folder}/start.log", "-c", f"{folder}/nginx.conf"])

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_for(listens, "nginx")
        yield Nginx(port, page)
    finally:
        process.terminate()
        process.wait(DEADLINE)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running.start(tmp_path_factory.mktemp("gateway"))
    try:
        yield running
    finally:
        running.stop()
