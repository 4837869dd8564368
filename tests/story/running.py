"""A whole gateway as a user starts it, a real nginx behind it, and the vendor's SDK in front."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
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
        with open(folder / "up.log", "ab") as log:
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
