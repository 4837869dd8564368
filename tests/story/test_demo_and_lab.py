"""`make demo` twice in a row, and the laboratory's own checks in each mode this machine offers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

_SECONDS = 200


# A proxy that answers nothing: the demo's calls stay on this machine.
_ENVIRONMENT = {**os.environ, "HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9", "NO_PROXY": ""}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=_SECONDS, env={**_ENVIRONMENT, **environment}
    )


def test_the_demo_plays_twice_and_stops(tmp_path: Path) -> None:
    options = ("--folder", str(tmp_path / "demo"), "--name", f"demotest-{os.getpid()}")
    try:
        for _ in range(2):
            played = run("isthmus.demo", *options)
            assert played.returncode == 0, played.stdout + played.stderr
            assert "AppCode in the header: 200 “hello from vpc-a ecs1" in played.stdout
            assert "make demo-stop" in played.stdout
    finally:
        stopped = run("isthmus.demo", "--stop", *options)
    assert "The demo is stopped." in stopped.stdout
    assert "No demo runs." in run("isthmus.demo", "--stop", *options).stdout


def test_a_step_that_fails_is_told_and_leaves_nothing_running(tmp_path: Path) -> None:
    options = ("--folder", str(tmp_path / "demo"), "--name", f"demotest-{os.getpid()}")
    played = run("isthmus.demo", *options, ISTHMUS_APPS_LIMIT="0")
    assert played.returncode == 1
    assert "✗ the step “create app” failed" in played.stderr and "Traceback" not in played.stderr
    assert run("isthmus.demo", "--stop", *options).stdout == "No demo runs.\n"


def test_stopping_the_demo_ends_no_process_that_has_the_number_of_a_crashed_one(tmp_path: Path) -> None:
    innocent = subprocess.Popen(["sleep", str(_SECONDS)])
    try:
        run_folder = tmp_path / "state" / "run"
        run_folder.mkdir(parents=True)
        (tmp_path / "ready.json").write_text(json.dumps({"pid": innocent.pid}))
        (run_folder / "up.lock").write_text(f"{innocent.pid}\n")
        stopped = run("isthmus.demo", "--stop", "--folder", str(tmp_path), "--name", f"demotest-{os.getpid()}")
        assert (stopped.returncode, stopped.stdout) == (0, "No demo runs.\n"), stopped.stderr
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


@pytest.mark.parametrize("mode", ["root", "userns", "loopback"])
def test_the_laboratory_passes_its_own_checks(mode: str) -> None:
    if mode == "root" and os.getuid() != 0:
        pytest.skip("network namespaces as root need root")
    if mode == "userns" and subprocess.run(["unshare", "-Urn", "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine allows no unprivileged user namespaces")
    program = Path(__file__).resolve().parents[2] / ".cache" / "clients" / "wireguard-go"
    with tempfile.TemporaryDirectory() as folder:
        wireguard: tuple[str, ...] = ()
        # Without Go it is not built, and the lab says what it skips. Whoever it becomes must be able to run it.
        if program.exists():
            Path(folder).chmod(0o755)
            wireguard = ("--wireguard", shutil.copy(program, folder))
        done = run("isthmus", "lab", "test", "--mode", mode, "--name", f"test-{os.getpid()}", *wireguard)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed, 0 failed" in done.stdout.splitlines()[-1]
