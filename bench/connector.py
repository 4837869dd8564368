"""What a connector costs: requests through a local and through a remote one beside requests without, in one run.

`python bench/connector.py [--rounds 5] [--seconds 2]` serves three APIs with one engine, all of them to the same nginx:
directly, through a connector on this machine that hands over sockets, and through a hub and a connector that dials in.
They are loaded in turn; the ratios round by round are the figures, times of a shared machine are worth little. CPU is
that of the engine and of whatever carries the connection (connector, hub), not of nginx and the load.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import parts

SMALL, BULK = "/small", "/bulk"
BULK_BYTES = 8 << 20
NGINX = """daemon off; master_process off; worker_processes 1; pid {folder}/far.pid; error_log {folder}/far-error.log;
events {{ worker_connections 4096; }}
http {{
    client_body_temp_path {folder}/f-body; proxy_temp_path {folder}/f-proxy; fastcgi_temp_path {folder}/f-fastcgi;
    uwsgi_temp_path {folder}/f-uwsgi; scgi_temp_path {folder}/f-scgi;
    access_log off; keepalive_requests 100000000; sendfile on;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        listen {address}:{port} backlog=4096;
        location ~ /small$ {{ return 200 "{page}"; }}
        location ~ /bulk$ {{ alias {folder}/bulk; }}
    }}
}}
"""


def own_address() -> str:
    """Where the backend stands: a connector never reaches loopback. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError as error:
            raise parts.BenchError(
                "this machine has no address but loopback, and connectors never reach that"
            ) from error
        return str(probe.getsockname()[0])


@dataclass
class Side:
    """One way to the backend, and the processes that it costs."""

    network: dict[str, Any]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    # Per round: microseconds of CPU and requests a second of small answers, seconds of CPU per GiB and MiB a second of bulk.
    figures: list[tuple[float, float, float, float]] = field(default_factory=list)


@contextmanager
def isthmus(folder: Path, *words: str, said: str = "") -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "connectors.log").open("ab") as log:
        command = [sys.executable, "-m", "isthmus", "connector", *words]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
    assert process.stdin is not None
    process.stdin.write(said.encode())
    process.stdin.close()
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        if time.monotonic() > deadline:
            raise parts.BenchError(f"{path} does not appear; see connectors.log")
        time.sleep(0.02)


@contextmanager
def backend(folder: Path, address: str) -> Iterator[int]:
    with (folder / "bulk").open("wb") as file:
        file.truncate(BULK_BYTES)
    port = parts.free_port()
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise parts.BenchError("nginx is not installed (Debian package nginx-light)")
    (folder / "far.conf").write_text(NGINX.format(folder=folder, port=port, address=address, page="x" * 1024))
    process = subprocess.Popen([program, "-e", str(folder / "far-start.log"), "-c", str(folder / "far.conf")])
    try:
        parts.wait_for_port(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def ways(stack: ExitStack, folder: Path, target: str) -> dict[str, Side]:
    """The three ways; their processes end with the stack."""
    sides = {"direct": Side({"attachment": {"mode": "host"}})}
    configuration = {"socket": str(folder / "local.sock"), "mode": "0666", "allow": [target]}
    local = stack.enter_context(isthmus(folder, "local", "--config", json.dumps(configuration)))
    wait_for(folder / "local.sock")
    sides["local"] = Side({"attachment": {"mode": "connector", "socket": configuration["socket"]}}, [local])
    ready, hub_state = folder / "hub.json", folder / "hub"
    listening = ("--state", str(hub_state), "--listen", "127.0.0.1:0", "--ready-file", str(ready))
    hub = stack.enter_context(isthmus(folder, "hub", *listening))
    wait_for(ready)
    asked = [
        sys.executable,
        "-m",
        "isthmus",
        "connector",
        "token",
        "--hub-state",
        str(hub_state),
        "--network",
        "vpc-far",
    ]
    token = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    found = json.loads(ready.read_text())
    joining = ("--hub", found["hub"], "--token-file", "-", "--state", str(folder / "joined"), "--allow", target)
    remote = stack.enter_context(isthmus(folder, "join", *joining, said=token))
    path = f"{found['sockets']}/vpc-far.sock"
    wait_for(Path(path))
    sides["remote"] = Side({"attachment": {"mode": "connector", "socket": path}}, [hub, remote])
    return sides


def plan(sides: dict[str, Side], address: str, port: int) -> str:
    """An API for anybody for each way and size of answer."""
    group = {"group_id": parts.GROUP, "name": "bench", "instance_id": "api-shared-vpc-001", "region": "cn-hangzhou"}
    records: list[tuple[str, str, dict[str, Any]]] = [
        ("group", parts.GROUP, {**group, "stages": ["RELEASE", "PRE", "TEST"]}),
        ("domain", parts.HOST, {"host": parts.HOST, "group_id": parts.GROUP}),
    ]
    for number, (name, side) in enumerate(sides.items()):
        access = {"access_id": name, "name": name, "network_id": f"vpc-{name}", "target": address, "port": port}
        records.append(("network", f"vpc-{name}", {"network_id": f"vpc-{name}", **side.network}))
        records.append(("vpc_access", name, access))
        for size, path in enumerate((SMALL, BULK)):
            api_id = f"{number}{size}".rjust(32, "a")
            edition = {
                "api_id": api_id,
                "api_name": f"api_{number}_{size}",
                "group_id": parts.GROUP,
                "stage": "RELEASE",
                "version": "20260101000000000",
                "protocols": {"http": True, "https": True},
                "method": "GET",
                "path": f"/{name}{path}",
                "auth": {"type": "anonymous"},
                "request_mode": "passthrough",
                "backend": {
                    "target": {"type": "vpc", "access": name, "scheme": "http"},
                    "path": f"/{name}{path}",
                    "method": "GET",
                    "timeout_ms": 10000,
                },
            }
            records.append(("edition", f"{api_id}/RELEASE", edition))
    return "\n".join(json.dumps({"kind": kind, "key": key, "body": body}) for kind, key, body in records)


def load(port: int, path: str, connections: int, seconds: int) -> tuple[int, float]:
    """Requests answered with 200, and how many a second."""
    program = shutil.which("wrk")
    if program is None:
        raise parts.BenchError("wrk is not installed (Debian package wrk)")
    url = f"http://127.0.0.1:{port}{path}"
    command = [program, "-t1", f"-c{connections}", f"-d{seconds}", "-H", f"Host: {parts.HOST}", url]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 60).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise parts.BenchError(f"calls of {path} failed under load: {output}")
    count, rate = re.search(r"(\d+) requests in", output), re.search(r"Requests/sec:\s*([0-9.]+)", output)
    if count is None or rate is None or int(count[1]) == 0:
        raise parts.BenchError(f"wrk printed no count: {output}")
    return int(count[1]), float(rate[1])


def measure(port: int, name: str, side: Side, engine: subprocess.Popen[bytes], seconds: int) -> None:
    def cpu() -> int:
        return sum(parts.cpu_ns(process) for process in (engine, *side.processes))

    before = cpu()
    requests, rate = load(port, f"/{name}{SMALL}", 32, seconds)
    middle = cpu()
    answers, bulk = load(port, f"/{name}{BULK}", 4, seconds)
    gibibytes = answers * BULK_BYTES / 2**30
    small = (middle - before) / requests / 1000
    side.figures.append((small, rate, (cpu() - middle) / 1e9 / gibibytes, bulk * BULK_BYTES / 2**20))


def ratios(sides: dict[str, Side]) -> dict[str, dict[str, float]]:
    """Medians of the ratios to the direct way, round by round."""
    names = ("cpu_per_request", "requests_per_second", "cpu_per_gib", "bulk_mib_per_second")
    found: dict[str, dict[str, float]] = {}
    for name, side in sides.items():
        if name != "direct":
            pairs = list(zip(side.figures, sides["direct"].figures, strict=True))
            values = {
                what: statistics.median(own[i] / other[i] for own, other in pairs) for i, what in enumerate(names)
            }
            found[name] = {what: round(value, 3) for what, value in values.items()}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    options = parser.parse_args()
    # Short, because paths of sockets are; open, because connectors become another user.
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        folder, address = Path(name), own_address()
        folder.chmod(0o755)
        port = stack.enter_context(backend(folder, address))
        sides = ways(stack, folder, f"{address}:{port}")
        engine, own = stack.enter_context(parts.engine(folder, port, records=plan(sides, address, port)))
        for number in range(options.rounds + 1):
            for name, side in sides.items():
                measure(own, name, side, engine, options.seconds)
                if number == 0:
                    # The first round warms everything.
                    side.figures.clear()
                else:
                    print(
                        "round {} {:7} {:6.1f} µs {:7.0f}/s {:5.2f} s/GiB {:6.0f} MiB/s".format(
                            number, name, *side.figures[-1]
                        ),
                        flush=True,
                    )
        print(json.dumps({"rounds": options.rounds, "seconds": options.seconds, "ratios": ratios(sides)}))


if __name__ == "__main__":
    try:
        main()
    except (parts.BenchError, subprocess.SubprocessError) as error:
        sys.exit(f"bench: {error}")
