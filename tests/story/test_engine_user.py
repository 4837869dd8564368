"""An engine that root starts becomes another user once it listens, and still does all that it does."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from isthmus.client import Endpoint, call

from running import DEADLINE, Running, wait_for

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
USER = 65534


def low_port() -> int:
    """One that only root may take."""
    for port in range(700, 1024):
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError("all low ports are taken")


def statuses(process: int) -> list[dict[str, str]]:
    """Of each thread."""
    found = Path(f"/proc/{process}/task").glob("*/status")
    return [dict(line.split(":", 1) for line in one.read_text().splitlines()) for one in found]


def publish(gateway: Running) -> str:
    """An API that answers by itself: its domain."""
    endpoint = Endpoint(*(gateway.ready[name] for name in ("management", "access_key_id", "access_key_secret")))
    group = call(endpoint, "CreateApiGroup", "2016-07-14", {"GroupName": "user", "BasePath": "/"})
    request = {"RequestProtocol": "HTTP", "RequestHttpMethod": "GET", "RequestPath": "/x", "RequestMode": "PASSTHROUGH"}
    service = {"ServiceProtocol": "HTTP", "Mock": "TRUE", "MockResult": "hello", "ServiceTimeout": 1000}
    given = {"GroupId": group["GroupId"], "ApiName": "api", "Visibility": "PRIVATE", "AuthType": "ANONYMOUS"}
    parts = {"RequestConfig": json.dumps(request), "ServiceConfig": json.dumps(service)}
    made = call(endpoint, "CreateApi", "2016-07-14", {**given, **parts})
    deployed = {"GroupId": group["GroupId"], "ApiId": made["ApiId"], "StageName": "RELEASE", "Description": "x"}
    call(endpoint, "DeployApi", "2016-07-14", deployed)
    return str(group["SubDomain"])


def status(gateway: Running, domain: str) -> int:
    return httpx.get(
        f"{gateway.ready['http']}/x", headers={"host": domain}, timeout=DEADLINE, trust_env=False
    ).status_code


@needs_root
def test_an_engine_becomes_the_user_and_keeps_its_copy_of_the_plan(tmp_path: Path) -> None:
    options = ("--engine-user", f"{USER}:{USER}", "--http", f"127.0.0.1:{low_port()}")
    gateway = Running.start(tmp_path, *options)
    try:
        domain = publish(gateway)
        assert status(gateway, domain) == 200
        for one in statuses(gateway.ready["engine_pid"]):
            assert {int(number) for number in one["Uid"].split() + one["Gid"].split()} == {USER}
            assert {int(one[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd")} == {0}
            assert (one["Groups"].strip(), one["NoNewPrivs"].strip()) == ("", "1")
        assert stat.S_IMODE(gateway.state.stat().st_mode) == 0o700, "nothing was opened to others"
        kept = gateway.state / "engine"
        wait_for(lambda: any(kept.glob("*")), "the copy of the plan")
        assert {path.lstat().st_uid for path in (kept, *kept.rglob("*"))} == {USER}
    finally:
        assert gateway.stop() == 0
    gateway = Running.start(tmp_path, *options)
    try:
        wait_for(lambda: status(gateway, domain) == 200, "the engine after a new start")
    finally:
        gateway.stop()


@pytest.mark.parametrize("user", ["root", "0:0", "65534", "65534:", "-1:1", "4294967295:1"])
def test_who_is_no_user_is_refused(tmp_path: Path, user: str) -> None:
    words = ["engine", "--state", str(tmp_path), "--http", "127.0.0.1:0", "--https", "", "--health", ""]
    command = [sys.executable, "-m", "isthmus", *words, "--engine-user", user]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode == 1 and "engine_user" in done.stderr and "Traceback" not in done.stderr
