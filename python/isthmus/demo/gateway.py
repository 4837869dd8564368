"""The demo's gateway: started in the background, and called as callers do."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from isthmus.processes import state

_START_SECONDS = 60
_CALL_SECONDS = 20


class DemoError(Exception):
    """A step did not do what it should; the text says which and what was seen."""


@dataclass
class Gateway:
    ready: dict[str, Any]
    domain: str = ""

    @classmethod
    def start(cls, folder: Path) -> Gateway:
        """From an empty installation, so that every run of the demo is the first. Raises: DemoError."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        ready_file, log_file = folder / "ready.json", folder / "gateway.log"
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
        for flag in ("--http", "--https", "--admin"):
            command += [flag, "127.0.0.1:0"]
        command += ["--access-log", str(folder / "access.log")]
        with open(log_file, "ab") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + _START_SECONDS
        while True:
            ready = state.read_json(ready_file)
            if ready is not None:
                return cls(ready)
            if process.poll() is not None or time.monotonic() > deadline:
                raise DemoError(f"the gateway did not start:\n{log_file.read_text()}")
            time.sleep(0.05)

    def get(self, path: str, **headers: str) -> httpx.Response:
        """A call on the group's automatic domain."""
        return httpx.get(self.ready["http"] + path, headers={"host": self.domain, **headers}, timeout=_CALL_SECONDS)


def signed_get(gateway: Gateway, path: str, app_key: str, app_secret: str) -> str:
    """The body, got by the vendor's client for Node. Raises: DemoError."""
    folder = Path(__file__).resolve().parents[3] / "tests" / "clients" / "node"
    command = ["node", "get.js", gateway.ready["http"] + path, gateway.domain, app_key, app_secret]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    try:
        answer = json.loads(done.stdout)
    except ValueError as error:
        raise DemoError(f"the vendor's Node client did not run: {done.stderr.strip() or done.stdout}") from error
    if not answer["ok"]:
        raise DemoError(f"the signed call was refused: {answer['message']}")
    return str(answer["body"])
