"""The parts of a measurement: an nginx backend, nginx as the peer, and our engine, each a real process.

Used by `compare.py` (time, as a ratio), `counts.py` (counts that do not vary) and `large.py` (memory). Everything listens on loopback, on
ports chosen by the system, in a temporary folder, and ends with the `with` block.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HOST = "api.example.com"
APP_CODE = "0123456789abcdef0123456789abcdef"
APP_ID = 110840611
GROUP = "c0ffee00c0ffee00c0ffee00c0ffee00"
API = "decade00decade00decade00decade00"


class BenchError(Exception):
    """A part did not start or did not do its work."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def request(path: str = "/nginx", authorization: str = f"APPCODE {APP_CODE}", host: str = HOST) -> bytes:
    """One GET as a client would send it on a kept connection."""
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {authorization}\r\n\r\n".encode()


def answer(port: int, message: bytes) -> tuple[int, bytes]:
    """Status and everything received of one exchange."""
    with socket.create_connection(("127.0.0.1", port), 5) as stream:
        stream.sendall(message.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        received = b"".join(iter(lambda: stream.recv(65536), b""))
    return int(received.split(b" ", 2)[1]), received


@contextmanager
def nginx(template: str, folder: Path, **values: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A single nginx process from a template beside this file; waits until `values["port"]` answers."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise BenchError("nginx is not installed (Debian package nginx-light)")
    configuration = folder / template.removesuffix(".template")
    text = (Path(__file__).parent / template).read_text()
    configuration.write_text(text.format(folder=folder, **values))
    process = subprocess.Popen([program, "-e", str(folder / "nginx-error.log"), "-c", str(configuration)])
    try:
        wait_for_port(values["port"], process)
        yield process
    finally:
        process.terminate()
        process.wait(10)


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise BenchError(f"a part ended with code {process.returncode} before it listened")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise BenchError(f"nothing listens on port {port} after 60 s")


def plan(backend: int) -> str:
    """The records of one published pass-through API with an app that may call it."""
    group = {
        "group_id": GROUP,
        "name": "bench",
        "instance_id": "api-shared-vpc-001",
        "region": "cn-hangzhou",
    }
    auth = {
        "type": "app",
        "app_code": "header_and_query",
        "signature_methods": ["HmacSHA256"],
    }
    access = {
        "access_id": "a",
        "name": "nginx",
        "network_id": "vpc-bench",
        "target": "127.0.0.1",
        "port": backend,
    }
    edition = {
        "api_id": API,
        "api_name": "nginx_test",
        "group_id": GROUP,
        "stage": "RELEASE",
        "version": "20260101000000000",
        "protocols": {"http": True, "https": True},
        "method": "GET",
        "path": "/nginx",
        "auth": auth,
        "request_mode": "passthrough",
        "backend": {
            "target": {"type": "vpc", "access": "nginx", "scheme": "http"},
            "path": "/",
            "method": "GET",
            "timeout_ms": 10000,
        },
    }
    grant = {"api_id": API, "stage": "RELEASE", "app_id": APP_ID}
    records: list[tuple[str, str, dict[str, Any]]] = [
        ("group", GROUP, {**group, "stages": ["RELEASE", "PRE", "TEST"]}),
        ("domain", HOST, {"host": HOST, "group_id": GROUP}),
        (
            "network",
            "vpc-bench",
            {"network_id": "vpc-bench", "attachment": {"mode": "host"}},
        ),
        ("vpc_access", "nginx", access),
        (
            "app",
            str(APP_ID),
            {"app_id": APP_ID, "name": "caller", "keys": [], "codes": [APP_CODE]},
        ),
        ("grant", f"{API}/RELEASE/{APP_ID}", grant),
        ("edition", f"{API}/RELEASE", edition),
    ]
    return "\n".join(json.dumps({"kind": kind, "key": key, "body": body}) for kind, key, body in records)


def engine_settings(folder: Path, recording: bool, logging: bool) -> dict[str, Any]:
    return {
        "records": {"bytes": 64 << 20, "age_ms": 3_600_000} if recording else None,
        "node": "bench",
        "http": "127.0.0.1:0",
        "https": None,
        "health": None,
        "threads": 1,
        "state": str(folder),
        "state_key": "00" * 32,
        "feed": None,
        "access_log": {"path": str(folder / "access.log")} if logging else None,
        "signature_window_ms": 900000,
        "nonce_window_ms": 900000,
        "automatic_domain_quota": 0,
        "request_body_limit": 8 << 20,
        "connect_timeout_ms": 2000,
        "client_timeout_ms": 60000,
        "stream_idle_ms": 300000,
        "drain_ms": 5000,
        "loopback_backends": True,
        "own_addresses": [],
        "refusal_body": "empty",
    }


@contextmanager
def engine(
    folder: Path,
    backend: int,
    wrapper: list[str] | None = None,
    kept: tuple[bool, bool] = (True, True),
    records: str | None = None,
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Our engine, serving `plan` unless other `records` are given; `wrapper` is a command in front of it, for example
    valgrind; `kept` says whether records with traces are kept, and whether an access log is."""
    with serving(folder, records or plan(backend), engine_settings(folder, *kept), wrapper) as started:
        yield started


@contextmanager
def serving(
    folder: Path, records: str, settings: dict[str, Any], wrapper: list[str] | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Our engine with these records and settings: its process, and the port where it takes HTTP."""
    (folder / "plan.jsonl").write_text(records)
    (folder / "settings.json").write_text(json.dumps(settings))
    program = ROOT / "target" / "release" / "examples" / "serve"
    if not program.exists():
        raise BenchError("the engine is not built: cargo build --release -p isthmus-engine --example serve")
    command = [
        *(wrapper or []),
        str(program),
        str(folder / "settings.json"),
        str(folder / "plan.jsonl"),
    ]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise BenchError(f"the engine ended with code {process.wait(10)}")
        yield process, int(json.loads(line)["http"].rsplit(":", 1)[1])
    finally:
        if not process.stdin.closed:
            process.stdin.close()
        process.wait(60)


def cpu_ns(process: subprocess.Popen[bytes]) -> int:
    """Time on a processor so far, all threads, user and system, in nanoseconds."""
    tasks = Path(f"/proc/{process.pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)
