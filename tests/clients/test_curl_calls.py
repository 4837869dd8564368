"""curl calls APIs: HTTP/1.1 and HTTP/2, agreed by TLS or known before, and bodies of every kind of framing."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from called import Called
from origin import Origin, origin

from running import DEADLINE, Running

HOST = "curl.example.com"
VERSIONS = {"--http1.1": "1.1", "--http2": "2", "--http2-prior-knowledge": "2"}


@pytest.fixture(scope="module")
def backend() -> Iterator[Origin]:
    with origin() as server:
        yield server


@pytest.fixture(scope="module")
def called(gateway: Running, backend: Origin) -> Called:
    called = Called(gateway, HOST)
    called.api("/echo/*", backend.address)
    return called


def curl(called: Called, *arguments: str, scheme: str = "http", given: bytes = b"") -> tuple[str, dict[str, Any], str]:
    """The version spoken, what the backend got, and what curl says of the exchange."""
    program = shutil.which("curl")
    assert program is not None, "curl is not installed: run requirements/system.sh"
    there = called.gateway.ready[scheme].removeprefix(f"{scheme}://")
    port = there.rsplit(":", 1)[1]
    command = [program, "--silent", "--verbose", "--insecure", "--max-time", str(DEADLINE)]
    command += ["--connect-to", f"{HOST}:{port}:{there}", "--header", f"Authorization: APPCODE {called.app_code}"]
    command += ["--write-out", "\n%{http_code} %{http_version}", *arguments, f"{scheme}://{HOST}:{port}/echo/a?b=c"]
    ran = subprocess.run(command, input=given, capture_output=True, timeout=DEADLINE, check=True)
    body, _, last = ran.stdout.decode().rpartition("\n")
    status, version = last.split()
    assert status == "200", (last, body, ran.stderr)
    return version, json.loads(body) if body else {}, ran.stderr.decode()


@pytest.mark.parametrize("wanted", ["--http1.1", "--http2-prior-knowledge"])
def test_plain_connections_speak_what_the_client_begins_with(called: Called, wanted: str) -> None:
    version, seen, _ = curl(called, wanted)
    assert (version, seen["method"], seen["target"]) == (VERSIONS[wanted], "GET", "/echo/a?b=c")


@pytest.mark.parametrize(("wanted", "version"), [("--http1.1", "1.1"), ("--http2", "2"), ("--no-alpn", "1.1")])
def test_tls_agrees_on_what_the_client_offers(called: Called, wanted: str, version: str) -> None:
    spoken, seen, _ = curl(called, wanted, scheme="https")
    assert (spoken, seen["headers"]["x-forwarded-for"]) == (version, "127.0.0.1")


def test_an_upgrade_to_http2_is_declined(called: Called) -> None:
    version, seen, said = curl(called, "--http2")
    assert version == "1.1" and "HTTP/1.1 101" not in said
    assert "upgrade" not in seen["headers"] and "http2-settings" not in seen["headers"]


@pytest.mark.parametrize("wanted", ["--http1.1", "--http2-prior-knowledge"])
def test_bodies_of_every_kind(called: Called, wanted: str, tmp_path: Path) -> None:
    _, form, _ = curl(called, wanted, "--data", "a=1&b=2")
    assert (form["method"], form["body"]) == ("POST", "a=1&b=2")
    assert form["headers"]["content-type"] == "application/x-www-form-urlencoded"
    _, unknown, _ = curl(called, wanted, "--upload-file", "-", given=b"no length")
    assert (unknown["method"], unknown["body"]) == ("PUT", "no length")
    file = tmp_path / "file"
    file.write_bytes(b"x" * 100)
    _, several, _ = curl(called, wanted, "--form", f"file=@{file}", "--form", "name=value")
    assert several["body"].count("x" * 100) == 1 and "multipart/form-data" in several["headers"]["content-type"]
    _, head, _ = curl(called, wanted, "--head", "--output", "/dev/null")
    assert head == {}


def test_a_body_is_asked_for_and_then_sent(called: Called) -> None:
    _, seen, said = curl(called, "--http1.1", "--header", "Expect: 100-continue", "--data", "waited")
    assert "HTTP/1.1 100 Continue" in said
    assert seen["body"] == "waited" and "expect" not in seen["headers"]


def test_many_transfers_share_one_connection(called: Called) -> None:
    there = called.gateway.ready["https"].removeprefix("https://")
    url = f"https://{HOST}:1/echo/[1-20]"
    command = ["curl", "--silent", "--insecure", "--parallel", "--http2", "--connect-to", f"{HOST}:1:{there}"]
    command += ["--header", f"Authorization: APPCODE {called.app_code}", "--write-out", "%{num_connects} "]
    ran = subprocess.run([*command, "--output", "/dev/null", url], capture_output=True, timeout=DEADLINE, check=True)
    opened = [int(count) for count in ran.stdout.split()]
    assert len(opened) == 20 and sum(opened) <= 2, opened
