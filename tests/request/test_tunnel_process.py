"""A connector at the inner end of a WireGuard tunnel, as the product runs it: what it says when it cannot, and how it ends.

That calls go through it is checked by the laboratory (`isthmus lab test`), with real networks behind it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from isthmus.lab.client import ConnectorClient
from isthmus.lab.modes import can_make_tunnels
from isthmus.tunnel.keys import make_key

PROGRAM = Path(__file__).resolve().parents[2] / ".cache" / "clients" / "wireguard-go"
DEADLINE = 20.0
needs_tunnel = pytest.mark.skipif(
    os.getuid() != 0 or not can_make_tunnels() or not PROGRAM.exists(),
    reason="needs root, /dev/net/tun and the WireGuard program that `make clients` builds",
)


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """The program where the user whom it becomes can run it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(shutil.copy(PROGRAM, folder))


def started(folder: Path, program: str = str(PROGRAM), **changes: object) -> subprocess.Popen[str]:
    key_file = folder / "wg.key"
    other = make_key(folder / "other.key")
    if not key_file.exists():
        make_key(key_file)
    wireguard = {
        "peer_key": other,
        "endpoint": "127.0.0.1:9",
        "addresses": ["10.9.0.2/32"],
        "allowed_ips": ["10.0.0.0/24"],
    }
    configuration = {"socket": str(folder / "w.sock"), "allow": [], "wireguard": {**wireguard, **changes}}
    words = ["--key-file", str(key_file), "--program", program, "--config", json.dumps(configuration)]
    command = [sys.executable, "-m", "isthmus", "connector", "wireguard", *words]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> str:
    try:
        _, errors = process.communicate(timeout=DEADLINE)
    finally:
        process.kill()
    assert process.returncode == 1 and "Traceback" not in errors
    return errors


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def serves(path: Path) -> bool:
    try:
        with ConnectorClient(path) as client:
            client.hello()
    except OSError:
        return False
    return True


def children(process: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def is_gone(process: int) -> bool:
    try:
        return "State:\tZ" in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return True


def test_what_is_missing_is_said_in_a_line(tmp_path: Path) -> None:
    assert "wireguard.endpoint" in said(started(tmp_path, endpoint="nowhere"))
    (tmp_path / "other.key").unlink()
    wanted = "missing commands: no-such-program (install the package wireguard-go" if os.getuid() == 0 else "root"
    assert wanted in said(started(tmp_path, program="no-such-program"))


@needs_tunnel
def test_a_key_that_others_can_read_makes_no_tunnel(tmp_path: Path) -> None:
    make_key(tmp_path / "wg.key")
    (tmp_path / "wg.key").chmod(0o644)
    assert "chmod 600" in said(started(tmp_path))


@needs_tunnel
@pytest.mark.parametrize("first", ["connector", "program"])
def test_connector_and_program_end_together(tmp_path: Path, open_to_all: Path, first: str) -> None:
    with started(tmp_path, str(open_to_all)) as process:
        try:
            wait_for(lambda: process.poll() is not None or serves(tmp_path / "w.sock"))
            (program,) = children(process.pid)
            if first == "connector":
                process.kill()
                wait_for(lambda: is_gone(program))
            else:
                os.kill(program, signal.SIGKILL)
                assert "the WireGuard program has ended" in said(process)
        finally:
            process.kill()
