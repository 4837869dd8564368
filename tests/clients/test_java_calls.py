"""The vendor's Java SDK calls APIs, unmodified: signed over HTTP, and over its WebSocket with notices back."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from called import Called
from origin import Origin, origin

from running import DEADLINE, Running

HERE = Path(__file__).parent
BUILT = HERE.parents[1] / ".cache" / "clients" / "java_calls"
HOST = "device.example.com"
# The SDK connects to this port; an address of the process's own keeps it free.
PORT, ADDRESS = 8080, f"127.77.{os.getpid() >> 8 & 255}.{os.getpid() & 255 or 1}"


class Calls:
    """The program, and what it prints."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self.notices: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def call(self, over: str, method: str, path: str, **given: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"over": over, "method": method, "path": path, **given}) + "\n")
        self._process.stdin.flush()
        return self._answers.get(timeout=DEADLINE)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(DEADLINE)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            if "notice" in said:
                self.notices.put(said["notice"])
            else:
                self._answers.put(said)


@pytest.fixture(scope="module")
def backend() -> Iterator[Origin]:
    with origin() as server:
        yield server


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory, backend: Origin) -> Iterator[Called]:
    if shutil.which("java") is None or not (BUILT / "Calls.class").exists():
        pytest.skip("the Java client is not built: make test builds it where there are a JDK and Maven")
    running = Running.start(tmp_path_factory.mktemp("gateway"), "--http", f"{ADDRESS}:{PORT}")
    try:
        called = Called(running, HOST)
        called.open_two_way()
        called.api("/echo/*", backend.address)
        called.api("/register", backend.address, "POST", web_socket_api_type="REGISTER")
        called.api("/unregister", backend.address, "POST", web_socket_api_type="UNREGISTER")
        called.api("/notify", backend.address, "POST", web_socket_api_type="NOTIFY", auth_type="ANONYMOUS")
        yield called
    finally:
        running.stop()


@pytest.fixture
def calls(called: Called, tmp_path: Path) -> Iterator[Calls]:
    hosts = tmp_path / "hosts"
    hosts.write_text(f"{ADDRESS} {HOST}\n")
    java = ["java", "-Xshare:auto", f"-Djdk.net.hosts.file={hosts}", "-cp", f"{BUILT}:{BUILT}/*"]
    program = Calls([*java, "Calls", HOST, str(PORT), called.app_key, called.app_secret])
    try:
        yield program
    finally:
        program.stop()


def notify(device: str, text: str) -> tuple[int, str]:
    headers = {"host": HOST, "x-ca-deviceid": device}
    answer = httpx.post(f"http://{ADDRESS}:{PORT}/notify", headers=headers, content=text.encode(), timeout=DEADLINE)
    return answer.status_code, answer.headers.get("x-ca-error-code", "")


@pytest.mark.parametrize("over", ["http", "websocket"])
def test_every_kind_of_signed_call(calls: Calls, over: str) -> None:
    query = {"QUERY": {"a": "1 2&3", "leer": "", "ü": "ö"}, "HEAD": {"x-own": "text"}}
    got = calls.call(over, "GET", "/echo/plain", **{"in": query})
    assert got.get("status") == 200, got
    seen = json.loads(got["body"])
    assert seen["method"] == "GET" and seen["headers"]["x-own"] == "text"
    assert dict(httpx.QueryParams(seen["target"].partition("?")[2])) == query["QUERY"]

    form = calls.call(
        over, "POST_FORM", "/echo/form", **{"in": {"BODY": {"name": "a b", "ü": "&"}, "QUERY": {"q": "1"}}}
    )
    assert form.get("status") == 200, form
    assert dict(httpx.QueryParams(json.loads(form["body"])["body"])) == {"name": "a b", "ü": "&"}

    text = '{"text": "grüße"}'
    body = calls.call(over, "PUT_BODY", "/echo/body", body=text)
    assert body.get("status") == 200, body
    assert json.loads(body["body"])["body"] == text

    refused = calls.call(over, "GET", "/nothing/here")
    assert refused["status"] == 404 and refused["headers"]["x-ca-error-code"] == ["I404NF"], refused


def test_a_device_registers_gets_notices_and_unregisters(calls: Calls, backend: Origin) -> None:
    registered = calls.call("websocket", "POST_BODY", "/register", body="{}", role="REGISTER")
    assert registered.get("status") == 200, registered
    device = backend.seen[-1]["headers"]["x-ca-deviceid"]
    assert "@" in device
    for text in ("first", "zweite: größer #2"):
        # 200 means that the SDK took it.
        assert notify(device, text) == (200, "")
        # The SDK hands on what follows NF, the mark included.
        assert calls.notices.get(timeout=DEADLINE).lstrip("#") == text
    unregistered = calls.call("websocket", "POST_BODY", "/unregister", body="{}", role="UNREGISTER")
    assert unregistered.get("status") == 200, unregistered
    assert notify(device, "late") == (404, "I404DD")
