"""`isthmus up` and its children as the operating system sees them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from running import DEADLINE, Running, wait_for

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("ISTHMUS_")}
FREE_PORTS = ("--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--admin", "127.0.0.1:0")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    running = Running.start(tmp_path)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def is_gone(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def test_the_ready_file_names_the_processes_that_serve_now(running: Running) -> None:
    def ready() -> dict[str, Any]:
        content: dict[str, Any] = json.loads(running.ready_file.read_text())
        return content

    assert running.ready_file.stat().st_mode & 0o777 == 0o600
    for name in ("control_pid", "engine_pid"):
        before = ready()
        os.kill(before[name], signal.SIGKILL)
        wait_for(lambda name=name, before=before: ready()[name] != before[name], f"another {name}")
        assert {**ready(), name: 0} == {**before, name: 0}
        os.kill(ready()[name], 0)


def test_children_die_with_a_killed_supervisor_and_the_next_start_takes_their_ports(
    running: Running, tmp_path: Path
) -> None:
    ports = [running.ready[name].split("//")[1] for name in ("http", "https", "management")]
    running.process.kill()
    running.process.wait(DEADLINE)
    for name in ("control_pid", "engine_pid"):
        wait_for(lambda name=name: is_gone(running.ready[name]), f"the end of {name}")
    running.ready_file.unlink()
    again = Running.start(tmp_path, "--http", ports[0], "--https", ports[1], "--admin", ports[2])
    try:
        assert again.ready["access_key_id"] == running.ready["access_key_id"]
        assert [again.ready[name].split("//")[1] for name in ("http", "https", "management")] == ports
    finally:
        assert again.stop() == 0


def test_it_runs_as_process_1_as_in_a_container(tmp_path: Path) -> None:
    enter = ["unshare", *([] if os.getuid() == 0 else ["-Ur"]), "--pid", "--fork", "--mount-proc", "--kill-child"]
    if subprocess.run([*enter, "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine allows no new process namespace")
    ready_file = tmp_path / "ready.json"
    command = [*enter, sys.executable, "-m", "isthmus", "up", *FREE_PORTS]
    command += ["--state", str(tmp_path / "state"), "--ready-file", str(ready_file)]
    with open(tmp_path / "up.log", "wb") as log:
        up = subprocess.Popen(command, env=ENVIRONMENT, stdout=log, stderr=log)
    try:
        wait_for(lambda: ready_file.exists() or up.poll() is not None, "isthmus up as process 1")
        assert up.poll() is None, (tmp_path / "up.log").read_text()
        ready = json.loads(ready_file.read_text())
        assert ready["pid"] == 1
        assert httpx.get(ready["management"] + "/healthz", trust_env=False).status_code == 200
    finally:
        up.kill()
        up.wait(DEADLINE)


def test_a_control_plane_alone_stops_with_0_and_takes_its_ready_file_with_it(tmp_path: Path) -> None:
    ready_file = tmp_path / "control.json"
    command = [sys.executable, "-m", "isthmus", "control", "--state", str(tmp_path / "state")]
    command += ["--admin", "127.0.0.1:0", "--ready-file", str(ready_file)]
    for number in (signal.SIGTERM, signal.SIGINT):
        control = subprocess.Popen(command, env=ENVIRONMENT)
        wait_for(ready_file.exists, "the control plane")
        control.send_signal(number)
        assert control.wait(DEADLINE) == 0
        assert not ready_file.exists()


@pytest.mark.parametrize("setting", ["http", "https", "health", "admin"])
def test_a_taken_port_is_one_line_that_names_setting_and_address(
    running: Running, tmp_path: Path, setting: str
) -> None:
    taken = running.ready["management"].removeprefix("http://")
    command = [sys.executable, "-m", "isthmus", "up", "--state", str(tmp_path / "other"), *FREE_PORTS]
    done = subprocess.run(
        [*command, f"--{setting}", taken], env=ENVIRONMENT, capture_output=True, text=True, timeout=DEADLINE
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith(f"isthmus: cannot listen on {taken} ({setting}): ")
    assert len(done.stderr.splitlines()) == 1, done.stderr
