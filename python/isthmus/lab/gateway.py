"""A gateway in front of a lab: the real `isthmus up` in a process of its own, for the checks that need all of it.

Its files lie in the lab's directory and go with it. Called by `matrix.py`; calls `isthmus.client`.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from isthmus.client import Endpoint, call
from isthmus.lab.connectors import die_with_parent
from isthmus.lab.modes import LabError

VENDOR, OWN = "2016-07-14", "2026-11-01"
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Said:
    """What a caller gets."""

    status: int
    # Empty: a backend answered.
    code: str
    text: str


class Gateway:
    """Use it in a `with` statement."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(timeout=20.0, trust_env=False)
        self._endpoint = Endpoint("", "", "")
        self._http = ""
        self._group = ""
        self.domain = ""
        self.engine_pid = 0
        # Where remote connectors come in, HOST:PORT.
        self.hub = ""

    def __enter__(self) -> Gateway:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        self._client.close()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def manage(self, action: str, version: str = VENDOR, **parameters: str) -> dict[str, Any]:
        """Raises: ClientError."""
        return call(self._endpoint, action, version, parameters)

    def url(self, path: str) -> str:
        """For a caller of one's own."""
        return self._http + path

    def get(self, path: str, host: str | None = None) -> Said:
        """One call, on a connection that is kept."""
        answer = self._client.get(self._http + path, headers={"host": host or self.domain})
        return Said(answer.status_code, answer.headers.get("x-ca-error-code", ""), answer.text)

    def begin(self, path: str) -> socket.socket:
        """One call whose answer has begun and is not read on; who has it closes it."""
        url = httpx.URL(self._http)
        stream = socket.create_connection((url.host, url.port or 80), 20.0)
        stream.sendall(f"GET {path} HTTP/1.1\r\nHost: {self.domain}\r\n\r\n".encode())
        stream.recv(1)
        return stream

    def publish(self, access: str, path: str) -> None:
        """An API for anybody, which asks the access's backend for the same path. Raises: ClientError."""
        request = {"RequestProtocol": "HTTP", "RequestHttpMethod": "GET", "RequestPath": path}
        service = {
            "ServiceProtocol": "HTTP",
            "ServiceHttpMethod": "GET",
            "ServicePath": path,
            "ServiceTimeout": 10000,
            "ServiceVpcEnable": "TRUE",
            "VpcConfig": {"Name": access},
            "Mock": "FALSE",
        }
        made = self.manage(
            "CreateApi",
            GroupId=self._group,
            ApiName=path.strip("/").replace("/", "_").replace("-", "_"),
            Visibility="PRIVATE",
            AuthType="ANONYMOUS",
            RequestConfig=json.dumps({**request, "RequestMode": "PASSTHROUGH"}),
            ServiceConfig=json.dumps(service),
            ResultType="JSON",
            ResultSample="{}",
        )
        given = {"GroupId": self._group, "ApiId": made["ApiId"], "StageName": "RELEASE", "Description": "lab"}
        self.manage("DeployApi", **given)

    def _start(self) -> None:
        """Raises: LabError."""
        self._folder.mkdir()
        ready, log = self._folder / "ready.json", self._folder / "gateway.log"
        command = [sys.executable, "-m", "isthmus", "up", "--state", str(self._folder / "state")]
        command += ["--ready-file", str(ready), "--https", "127.0.0.1:0"]
        command += ["--http", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--hub", "127.0.0.1:0"]
        # The checks make more calls than a domain that is only there to try things has in a day, and wait for what is
        # blocked often.
        command += ["--automatic-domain-quota", "0", "--connect-timeout", "800ms"]
        with log.open("ab") as said:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env=dict(os.environ),
                preexec_fn=die_with_parent,
            )
        deadline = time.monotonic() + _START_SECONDS
        while not ready.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                words = log.read_text(encoding="utf-8").strip().splitlines()
                raise LabError(f"the gateway did not start: {words[-1] if words else 'no reason given'}")
            time.sleep(0.02)
        found = json.loads(ready.read_text(encoding="utf-8"))
        self._endpoint = Endpoint(found["management"], found["access_key_id"], found["access_key_secret"])
        self._http, self.hub, self.engine_pid = found["http"], found["hub"], int(found["engine_pid"])
        group = self.manage("CreateApiGroup", GroupName="lab_matrix", BasePath="/")
        self._group, self.domain = group["GroupId"], group["SubDomain"]
