"""`make demo` twice in a row, and the laboratory's own checks in each mode this machine offers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_SECONDS = 200


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, timeout=_SECONDS)


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


@pytest.mark.parametrize("mode", ["root", "userns", "loopback"])
def test_the_laboratory_passes_its_own_checks(mode: str) -> None:
    if mode == "root" and os.getuid() != 0:
        pytest.skip("network namespaces as root need root")
    if mode == "userns" and subprocess.run(["unshare", "-Urn", "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine allows no unprivileged user namespaces")
    done = run("isthmus", "lab", "test", "--mode", mode, "--name", f"test-{os.getpid()}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed, 0 failed" in done.stdout.splitlines()[-1]
