"""The connector as the product runs it: a process of its own, started by the command line, asked through its socket."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from isthmus.lab.client import ConnectorClient, ConnectorRefusal

DEADLINE = 20.0
# Backends are this machine's loopback addresses: 10.0.x.y is 127.102.x.y.
NET = 102


def command(configuration: str) -> list[str]:
    return [sys.executable, "-m", "isthmus", "connector", "local", "--config", configuration]


def configuration_for(path: Path, **changes: Any) -> str:
    return json.dumps({"socket": str(path), "allow": [], "loopback_map": {"net": NET}, **changes})


@pytest.fixture
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        # A connector that was root must still be able to take its socket away.
        Path(folder).chmod(0o777)
        yield Path(folder) / "c.sock"


@contextmanager
def running(path: Path, **changes: Any) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command(configuration_for(path, **changes)), stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def client(path: Path) -> ConnectorClient:
    deadline = time.monotonic() + DEADLINE
    while True:
        try:
            return ConnectorClient(path)
        except ConnectionError:
            assert time.monotonic() < deadline, "the connector does not serve"
            time.sleep(0.01)


@contextmanager
def backend() -> Iterator[tuple[str, int, socket.socket]]:
    with socket.create_server((f"127.{NET}.0.11", 0)) as listener:
        listener.settimeout(DEADLINE)
        yield "10.0.0.11", listener.getsockname()[1], listener


def test_hands_over_a_connection_from_each_egress_address_in_turn(path: Path) -> None:
    egress = ["10.0.0.250", "10.0.0.251"]
    peers = []
    with (
        backend() as (address, port, listener),
        running(path, allow=[f"{address}:{port}"], egress=egress),
        client(path) as asking,
    ):
        for turn in range(4):
            with asking.connect(address, port) as connected:
                accepted, peer = listener.accept()
                with accepted:
                    connected.sendall(b"%d" % turn)
                    assert accepted.recv(9) == b"%d" % turn
            peers.append(peer[0])
    assert peers == [f"127.{NET}.0.250", f"127.{NET}.0.251"] * 2


def test_a_connection_that_was_handed_over_outlives_its_connector(path: Path) -> None:
    with (
        backend() as (address, port, listener),
        running(path, allow=[f"{address}:{port}"]) as process,
        client(path) as asking,
        asking.connect(address, port) as connected,
        listener.accept()[0] as accepted,
    ):
        process.kill()
        process.wait(DEADLINE)
        accepted.sendall(b"still here")
        assert connected.recv(99) == b"still here"


def test_a_new_connector_takes_the_place_of_a_killed_one(path: Path) -> None:
    with running(path) as killed, client(path):
        killed.kill()
        killed.wait(DEADLINE)
    assert path.exists()
    with running(path), client(path) as asking:
        assert asking.hello()["allow_count"] == 0


def test_a_second_connector_leaves_the_first_one_alone(path: Path) -> None:
    with running(path), client(path) as asking:
        second = subprocess.run(command(configuration_for(path)), capture_output=True, timeout=DEADLINE)
        assert (second.returncode, second.stderr.decode()) == (
            1,
            f"isthmus: connector: the socket {path}: another connector serves it; stop that one first\n",
        )
        assert asking.hello()["allow_count"] == 0


@pytest.mark.parametrize("way", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order_and_removes_its_socket(path: Path, way: signal.Signals) -> None:
    with running(path) as process, client(path) as asking:
        asking.hello()
        process.send_signal(way)
        assert process.wait(DEADLINE) == 0
        assert process.stderr is not None and process.stderr.read() == b""
    assert not path.exists()


def test_no_thread_of_the_process_keeps_a_right(path: Path) -> None:
    with running(path) as process, client(path) as asking:
        asking.hello()
        for status in Path(f"/proc/{process.pid}/task").glob("*/status"):
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
            rights = {name: int(fields[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}
            assert not any(rights.values()), rights
            assert fields["NoNewPrivs"].strip() == "1"
            if os.getuid() == 0:
                assert set(fields["Uid"].split()) | set(fields["Gid"].split()) == {"65534"}
                assert fields["Groups"].split() == []


def test_a_refusal_names_the_address_and_opens_nothing(path: Path) -> None:
    with backend() as (address, port, listener), running(path), client(path) as asking:
        with pytest.raises(ConnectorRefusal) as refused:
            asking.connect(address, port)
        assert (refused.value.kind, refused.value.detail) == (
            "refused_by_connector",
            f"{address}:{port} is not on the connector's list",
        )
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        ("{", "--config is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[]", "the connector's configuration must be a JSON object"),
        ('{"socket": "/s"}', "connector configuration: give either allow (a list) or allow_file (a path)"),
        (
            '{"socket": "/s", "allow": [], "connect_timeout_ms": 0}',
            "connector configuration: connect_timeout_ms must be at least 1",
        ),
        (
            '{"socket": "/nowhere/s", "allow": []}',
            "connector: the socket /nowhere/s: No such file or directory (os error 2)",
        ),
        ("@/nowhere", "[Errno 2] No such file or directory: '/nowhere'"),
    ],
)
def test_a_start_that_fails_is_one_line(configuration: str, said: str) -> None:
    ended = subprocess.run(command(configuration), capture_output=True, timeout=DEADLINE)
    assert (ended.returncode, ended.stdout, ended.stderr.decode()) == (1, b"", f"isthmus: {said}\n")
