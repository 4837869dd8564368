"""`kill -9` of any part at any moment: calls go on, and no acknowledged write is missing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from alibabacloud_cloudapi20160714 import models

from running import DEADLINE, Nginx, Running, wait_for
from walk import Walk

# Random, and repeatable when a run fails: the seed is in the message.
SEED = int(os.environ.get("ISTHMUS_TEST_SEED", "0")) or random.randrange(1 << 30)
# 200 by default; a developer in a hurry may ask for fewer.
KILLS = int(os.environ.get("ISTHMUS_TEST_KILLS", "200"))
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("ISTHMUS_")}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    running = Running.start(tmp_path)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def published(running: Running, nginx: Nginx) -> Walk:
    walk = Walk(running.client())
    walk.authorise_vpc("vpc-here", "127.0.0.1", nginx.port)
    walk.create_group()
    walk.create_api(auth_type="ANONYMOUS")
    walk.publish()
    return walk


def test_calls_go_on_while_the_control_plane_is_killed_and_comes_back(running: Running, nginx: Nginx) -> None:
    walk = published(running, nginx)
    os.kill(running.ready["control_pid"], signal.SIGKILL)
    answers = [running.get("/nginx", walk.domain).status_code for _ in range(100)]
    assert set(answers) == {200}

    def back() -> bool:
        try:
            return httpx.get(running.ready["management"] + "/healthz").status_code == 200
        except httpx.HTTPError:
            return False

    wait_for(back, "the control plane on its old port")
    walk.modify_api(auth_type="ANONYMOUS", api_name="renamed")
    walk.publish("after the crash")
    assert running.get("/nginx", walk.domain).status_code == 200


def test_a_killed_engine_comes_back_on_its_port_with_the_plan(running: Running, nginx: Nginx) -> None:
    walk = published(running, nginx)
    os.kill(running.ready["engine_pid"], signal.SIGKILL)

    def served() -> bool:
        try:
            return running.get("/nginx", walk.domain).text == nginx.page
        except httpx.HTTPError:
            return False

    wait_for(served, "the engine on its old port")


def test_an_engine_without_a_control_plane_serves_its_last_plan(tmp_path: Path, nginx: Nginx) -> None:
    running = Running.start(tmp_path)
    walk = published(running, nginx)
    running.kill_group()
    ready_file = tmp_path / "engine.json"
    command = [
        sys.executable,
        "-m",
        "isthmus",
        "engine",
        "--state",
        str(running.state),
        "--ready-file",
        str(ready_file),
    ]
    command += ["--http", "127.0.0.1:0", "--https", "", "--health", "", "--loopback-backends", "true"]
    engine = subprocess.Popen([*command, "--control-url", "http://127.0.0.1:9"], env=ENVIRONMENT)
    try:
        wait_for(ready_file.exists, "the engine alone")
        running.ready["http"] = "http://" + _read(ready_file)["http"]
        assert running.get("/nginx", walk.domain).text == nginx.page
    finally:
        engine.terminate()
        assert engine.wait(DEADLINE) == 0


def test_a_stop_drains_and_exits_with_0_and_a_second_start_has_everything(tmp_path: Path, nginx: Nginx) -> None:
    running = Running.start(tmp_path)
    walk = published(running, nginx)
    assert running.stop() == 0
    assert not running.ready_file.exists()
    left = sorted(path.name for path in (running.state / "run").iterdir())
    assert left == ["up.lock"], "each process takes its ready file back when it ends in an orderly way"
    again = Running.start(tmp_path)
    try:
        assert again.ready["access_key_secret"] == running.ready["access_key_secret"]
        assert again.get("/nginx", walk.domain).text == nginx.page
    finally:
        again.stop()


def test_a_taken_port_and_a_second_start_are_one_clear_line_each(running: Running, tmp_path: Path) -> None:
    def up(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "isthmus", "up", *arguments]
        return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=DEADLINE)

    second = up("--state", str(running.state))
    assert second.returncode == 1 and "another `isthmus up` uses" in second.stderr
    taken = running.ready["management"].removeprefix("http://")
    other = ("--http", "127.0.0.1:0", "--https", "127.0.0.1:0")
    refused = up("--state", str(tmp_path / "other"), "--admin", taken, *other)
    assert refused.returncode == 1 and f"cannot listen on {taken}" in refused.stderr
    assert "Traceback" not in refused.stderr + second.stderr
    wrong = up("--state", str(tmp_path / "other"), "--nonce-window", "soon")
    assert wrong.returncode == 2 and "nonce_window" in wrong.stderr


class Storm(threading.Thread):
    """Writes groups and apps until told to stop, and remembers what was acknowledged."""

    def __init__(self, ready: dict[str, Any], number: int, make_client: Any) -> None:
        super().__init__(daemon=True)
        self._client = make_client()
        self._number = number
        self.groups: dict[str, str] = {}
        self.apps: dict[int, str] = {}
        self.acknowledged = 0
        self.stopping = threading.Event()

    def run(self) -> None:
        count = 0
        while not self.stopping.is_set():
            count += 1
            try:
                name = f"app-{self._number}-{count}-{random.randrange(1 << 30)}"
                body = self._client.create_app(models.CreateAppRequest(app_name=name[:26])).body
                self.apps[body.app_id] = name[:26]
                self.acknowledged += 1
                if count % 5 == 0 and self.apps:
                    gone = next(iter(self.apps))
                    # Whatever comes of it, this one may be gone from now on.
                    del self.apps[gone]
                    self._client.delete_app(models.DeleteAppRequest(app_id=gone))
            except Exception:
                # Not acknowledged: it may be there or not. The gateway is coming back.
                time.sleep(0.01)


@pytest.mark.timeout(1500)
def test_no_acknowledged_write_is_missing_after_kills_at_random_moments(tmp_path: Path) -> None:
    """Each kill takes control plane, engine or the whole group in the middle of a storm of writes."""
    dice = random.Random(SEED)
    environment = {"ISTHMUS_APPS_LIMIT": "1000000", "ISTHMUS_PUBLISH_WAIT": "500ms"}
    running = Running.start(tmp_path, environment=environment)
    lost: list[str] = []
    acknowledged = 0
    kills = 0
    try:
        while kills < KILLS:
            storms = [Storm(running.ready, number, running.client) for number in range(2)]
            for storm in storms:
                storm.start()
            # Some kills of single processes, then one of everything; each while writes are going on.
            for _ in range(min(3, KILLS - kills - 1)):
                _let_them_write(storms, dice)
                _kill_one(running, dice)
                kills += 1
            _let_them_write(storms, dice)
            running.kill_group()
            kills += 1
            for storm in storms:
                storm.stopping.set()
            for storm in storms:
                storm.join(DEADLINE)
            running = Running.start(tmp_path, environment=environment)
            present = _all_apps(running)
            for storm in storms:
                acknowledged += len(storm.apps)
                lost += [name for app_id, name in storm.apps.items() if present.get(app_id) != name]
        assert lost == [], f"seed {SEED}: acknowledged and missing"
        assert acknowledged > 0
        print(f"{kills} kills, {acknowledged} acknowledged apps all there, seed {SEED}")
    finally:
        running.stop()


def _let_them_write(storms: list[Storm], dice: random.Random) -> None:
    """Until writes are acknowledged again, and then up to a random moment."""
    before = sum(storm.acknowledged for storm in storms)
    wait_for(lambda: sum(storm.acknowledged for storm in storms) >= before + 3, "acknowledged writes")
    time.sleep(dice.uniform(0, 0.2))


def _kill_one(running: Running, dice: random.Random) -> None:
    """Control plane or engine, by its present pid."""
    name = dice.choice(("isthmus control", "isthmus engine"))
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
                parent = (process / "stat").read_text().rsplit(")", 1)[1].split()[1]
            except OSError:
                continue
            if int(parent) == running.process.pid and name.split()[1].encode() in words:
                os.kill(int(process.name), signal.SIGKILL)


def _all_apps(running: Running) -> dict[int, str]:
    client, found, number = running.client(), {}, 1
    while True:
        request = models.DescribeAppAttributesRequest(page_size=100, page_number=number)
        body = client.describe_app_attributes(request).body
        page = body.apps.app_attribute
        found.update({app.app_id: app.app_name for app in page})
        if len(page) < 100:
            return found
        number += 1


def _read(path: Path) -> dict[str, Any]:
    import json

    content: dict[str, Any] = json.loads(path.read_text())
    return content
