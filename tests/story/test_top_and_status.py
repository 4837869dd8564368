"""`isthmus top` and `isthmus status` on a running gateway: for people in a terminal, and for scripts."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import time
from typing import Any

import pytest

from running import DEADLINE, Nginx, Running, wait_for
from walk import Walk


@pytest.fixture(scope="module")
def walk(gateway: Running, nginx: Nginx) -> Walk:
    return Walk.played(gateway.client(), "vpc-top", nginx.port, "-top")


def command(gateway: Running, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "isthmus", *arguments, "--state", str(gateway.state)]


def run(gateway: Running, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(gateway, *arguments), capture_output=True, text=True, timeout=DEADLINE, check=False)


def test_a_script_reads_who_calls_how_much(gateway: Running, walk: Walk) -> None:
    gateway.get(f"/nginx?AppCode={walk.app_code}", walk.domain)

    def shares(by: str) -> list[dict[str, Any]]:
        done = run(gateway, "top", "--json", "--by", by)
        assert done.returncode == 0, done.stderr
        return list(json.loads(done.stdout)["Traffic"].get("Shares", []))

    api = wait_for(lambda: [one for one in shares("api") if one.get("ApiId") == walk.api_id], "the API")[0]
    assert (api["ApiName"], api["StageName"]) == ("nginx-test", "RELEASE") and api["Calls"] >= 1
    assert [one["AppName"] for one in shares("app")] == ["caller-top"]
    # Without a terminal the screen is shown once.
    shown = run(gateway, "top")
    assert shown.returncode == 0 and "requests/s" in shown.stdout and "nginx-test" in shown.stdout
    assert "\x1b" not in shown.stdout


@pytest.mark.parametrize("leave", [b"q", b"\x03"])
def test_a_terminal_is_refreshed_in_place_and_left_as_it_was(gateway: Running, walk: Walk, leave: bytes) -> None:
    outside, inside = pty.openpty()
    process = subprocess.Popen(
        command(gateway, "top", "--interval", "0.5"), stdin=inside, stdout=inside, stderr=inside, start_new_session=True
    )
    # Ctrl-C reaches the command only through a terminal of its own; the byte is for one that reads it.
    os.close(inside)
    shown = b""
    deadline = time.monotonic() + DEADLINE
    while shown.count(b"isthmus top  ") < 3 and time.monotonic() < deadline:
        shown += os.read(outside, 65536)
    os.write(outside, b"g")
    while b"GROUP" not in shown and time.monotonic() < deadline:
        shown += os.read(outside, 65536)
    if leave == b"\x03":
        process.send_signal(2)
    else:
        os.write(outside, leave)
    while not shown.endswith(b"\x1b[?1049l") and time.monotonic() < deadline:
        shown += os.read(outside, 65536)
    assert process.wait(DEADLINE) == 0
    os.close(outside)
    assert b"\x1b[?1049h\x1b[?25l" in shown and shown.endswith(b"\x1b[?25h\x1b[?1049l")
    # The screen is never cleared as a whole, which flickers.
    assert b"\x1b[2J" not in shown and b"Traceback" not in shown
    assert re.search(rb"\x1b\[H.*REQ/S.*\x1b\[J", shown, re.S)


def test_status_is_one_object_for_scripts_and_says_what_is_wrong(gateway: Running, walk: Walk) -> None:
    gateway.get(f"/nginx?AppCode={walk.app_code}", walk.domain)

    def told() -> dict[str, Any] | None:
        done = run(gateway, "status", "--json")
        return dict(json.loads(done.stdout)) if done.returncode == 0 else None

    seen = wait_for(told, "a gateway without problems")
    assert seen["Problems"] == [] and seen["ControlPlane"]["StoreRevision"] >= 1
    (engine,) = seen["Engines"]
    assert (engine["State"], engine["RecordsLost"], engine["LogLinesLost"], engine["Panics"]) == ("serving", 0, 0, 0)
    assert engine["StartedAt"] and engine["Version"]
    assert seen["ThisMachine"]["Serves"] is True and [one["NetworkId"] for one in seen["Networks"]] == ["vpc-top"]
    lines = run(gateway, "status").stdout.splitlines()
    for title in ("control plane", "engine", "network", "traffic", "this machine"):
        assert any(line.startswith(title) for line in lines), (title, lines)
    # A network that waits for its connector needs a hand.
    attached = json.dumps({"mode": "connector", "socket": "/run/nobody.sock"})
    made = run(gateway, "api", "CreateNetwork", "--NetworkId", "vpc-far", "--Attachment", attached)
    assert made.returncode == 0, made.stderr
    wrong = run(gateway, "status", "--json")
    assert wrong.returncode == 1
    assert any("vpc-far" in problem for problem in json.loads(wrong.stdout)["Problems"]), wrong.stdout
    assert "vpc-far" in run(gateway, "status").stderr
