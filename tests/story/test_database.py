"""A gateway on PostgreSQL: published and served, through two control planes, across a restart, replays refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from alibabacloud_cloudapi20160714 import models
from alibabacloud_cloudapi20160714.client import Client
from alibabacloud_tea_openapi.models import Config
from isthmus.client import Endpoint, call

from running import DEADLINE, Nginx, Running, wait_for
from walk import Walk


def start(folder: Path, address: str) -> Running:
    return Running.start(folder, environment={"ISTHMUS_DATABASE": address})


def client_of(running: Running, endpoint: str) -> Client:
    return Client(
        Config(
            access_key_id=running.ready["access_key_id"],
            access_key_secret=running.ready["access_key_secret"],
            endpoint=endpoint,
            protocol="http",
        )
    )


def signed(running: Running) -> dict[str, str]:
    """Parameters of one management call, which can be sent as they are to any control plane, and again."""
    given = {
        "Action": "DescribeRegions",
        "Version": "2016-07-14",
        "Format": "JSON",
        "AccessKeyId": running.ready["access_key_id"],
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": uuid.uuid4().hex,
        "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    joined = "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(given.items()))
    text = f"GET&%2F&{quote(joined, safe='~')}"
    digest = hmac.new(f"{running.ready['access_key_secret']}&".encode(), text.encode(), hashlib.sha1).digest()
    return {**given, "Signature": base64.b64encode(digest).decode()}


def send(endpoint: str, call: dict[str, str]) -> dict[str, Any]:
    return dict(httpx.get(f"http://{endpoint}/", params=call, timeout=DEADLINE).json())


def test_a_gateway_on_postgresql_publishes_restarts_and_refuses_replays(
    new_database: Callable[[], str], nginx: Nginx, tmp_path: Path
) -> None:
    address = new_database()
    running = start(tmp_path, address)
    try:
        assert not (running.state / "store.sqlite").exists()
        walk = Walk.played(running.client(), "vpc-db", nginx.port)
        answer = running.get("/nginx", walk.domain, authorization=f"APPCODE {walk.app_code}")
        assert (answer.status_code, answer.text) == (200, nginx.page)
        endpoint = running.ready["management"].removeprefix("http://")
        call = signed(running)
        assert "Regions" in send(endpoint, call)
    finally:
        running.kill_group()
    admin = ("--admin", endpoint)
    again = Running.start(tmp_path, *admin, environment={"ISTHMUS_DATABASE": address})
    try:
        assert send(endpoint, call)["Code"] == "SignatureNonceUsed"
        assert again.client().describe_api_groups(models.DescribeApiGroupsRequest()).body.total_count == 1
        assert again.get("/nginx", walk.domain, authorization=f"APPCODE {walk.app_code}").status_code == 200
    finally:
        again.stop()


def test_an_engine_gets_what_another_control_plane_publishes(
    new_database: Callable[[], str], nginx: Nginx, tmp_path: Path
) -> None:
    address = new_database()
    running = start(tmp_path, address)
    ready = tmp_path / "second.json"
    command = [sys.executable, "-m", "isthmus", "control", "--state", str(running.state), "--admin", "127.0.0.1:0"]
    second = subprocess.Popen(
        [*command, "--ready-file", str(ready), "--loopback-backends", "true"],
        env={**os.environ, "ISTHMUS_DATABASE": address},
    )
    try:
        wait_for(ready.exists, "the second control plane")
        endpoint = json.loads(ready.read_text())["admin"]
        isthmus = Endpoint(f"http://{endpoint}", running.ready["access_key_id"], running.ready["access_key_secret"])
        wait_for(
            lambda: call(isthmus, "DescribeEngines", "2026-11-01", {})["Engines"], "the engine, told to the second"
        )
        walk = Walk(client_of(running, endpoint), "-second")
        walk.authorise_vpc("vpc-db", "127.0.0.1", nginx.port)
        walk.create_group()
        walk.create_api()
        walk.publish()
        walk.create_app()
        walk.authorise_app()
        # At once: the publish has waited for the engine, though it follows the other control plane.
        answer = running.get("/nginx", walk.domain, authorization=f"APPCODE {walk.app_code}")
        assert (answer.status_code, answer.text) == (200, nginx.page)
        replayed = signed(running)
        assert "Regions" in send(endpoint, replayed)
        first = running.ready["management"].removeprefix("http://")
        assert send(first, replayed)["Code"] == "SignatureNonceUsed"
    finally:
        second.terminate()
        second.wait(DEADLINE)
        running.stop()


@pytest.mark.parametrize("address", ["mysql://user:hush@127.0.0.1/x", "postgresql://user:hush@127.0.0.1:1/x"])
def test_a_database_that_cannot_be_used_is_one_clear_line_without_the_password(address: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "isthmus", "control", "--state", str(tmp_path), "--admin", "127.0.0.1:0"]
    done = subprocess.run([*command, "--database", address], capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode in (1, 2) and "hush" not in done.stdout + done.stderr
    assert done.stderr.startswith("isthmus: ") and "Traceback" not in done.stderr, done.stderr
